"""The script of a step of a CI job file, as PyYAML reads it."""

import sys

import yaml

path, wanted = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    jobs = yaml.safe_load(file)
if "jobs" in jobs:
    steps = [step for job in jobs["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if step.get("name") == wanted and "run" in step]
else:
    scripts = ["\n".join(jobs[wanted]["script"])]
if len(scripts) != 1:
    sys.exit(f"{path} has {len(scripts)} scripts named {wanted}")
print(scripts[0])
