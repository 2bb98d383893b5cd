"""Locust with paho-mqtt publishes 16 bytes as fast as it can; the last line says how much that was and what it cost.

Usage: locust_mqtt.py HOST PORT CLIENTS SECONDS QOS
"""

import json
import sys
import time

import gevent.monkey

gevent.monkey.patch_all()

import paho.mqtt.client as mqtt  # noqa: E402
from locust import User, constant, task  # noqa: E402
from locust.env import Environment  # noqa: E402

host, port, clients, seconds, qos = sys.argv[1], *map(int, sys.argv[2:6])
done = 0


class Device(User):
    wait_time = constant(0)

    def on_start(self):
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self.client.connect(host, port)
        self.client.loop_start()

    @task
    def say(self):
        global done
        message = self.client.publish("load/gate/event", b"x" * 16, qos)
        if qos:
            message.wait_for_publish()
        done += 1

    def on_stop(self):
        self.client.loop_stop()


environment = Environment(user_classes=[Device])
runner = environment.create_local_runner()
runner.start(clients, spawn_rate=clients)
gevent.sleep(1)
began, before, cpu = time.monotonic(), done, time.process_time()
gevent.sleep(seconds)
figures = {"messages": done - before, "cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - began}
print(json.dumps(figures), flush=True)
runner.quit()
