"""The script of a step of a CI job file with the job's variables, as PyYAML reads it. Variables that are set stay."""

import shlex
import sys

import yaml

path, wanted = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    jobs = yaml.safe_load(file)
if "jobs" in jobs:
    steps = [step for job in jobs["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if step.get("name") == wanted and "run" in step]
    variables = jobs.get("env", {})
else:
    scripts = ["\n".join(jobs[wanted]["script"])]
    variables = jobs[wanted].get("variables", {})
if len(scripts) != 1:
    sys.exit(f"{path} has {len(scripts)} scripts named {wanted}")
for name, value in variables.items():
    # What the service itself fills in is nothing here.
    plain = "" if "${{" in value else value
    print(f": ${{{name}={shlex.quote(plain)}}}; export {name}")
print(scripts[0])
