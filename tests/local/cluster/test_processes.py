"""Containers as local processes: confined, measured, and gone when they should be."""

import json
import os
import re
import sys

import pytest

PYTHON = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures and orphans need Linux")


def test_a_container_inherits_nothing_of_the_emulators_environment(cluster):
    pod = cluster.run(
        PYTHON,
        "python",
        "-c",
        "import json, os; print(json.dumps(dict(os.environ)))",
        env=[{"name": "MINE", "value": "1"}],
    )
    seen = json.loads(cluster.log(pod["metadata"]["name"]))
    seen.pop("LC_CTYPE", None)  # Python's own
    assert seen.keys() == {"PATH", "HOME", "TMPDIR", "LANG", "HOSTNAME", "MINE"}
    assert seen["HOSTNAME"] == pod["metadata"]["name"]
    assert seen["HOME"].startswith(str(cluster.data))


def test_a_container_works_in_a_folder_of_its_own_that_goes_with_the_pod(cluster, eventually):
    pod = cluster.run(
        PYTHON, "python", "-c", "import os; open('note', 'w'); print(os.getcwd(), os.listdir())"
    )
    folder, listed = cluster.log(pod["metadata"]["name"]).split(" ", 1)
    assert listed == "['note']\n"
    assert os.path.exists(folder)
    cluster.http.delete(cluster.path("pods", pod["metadata"]["name"]))
    eventually(lambda: not os.path.exists(folder))


def test_its_input_is_empty_and_its_output_has_no_terminal(cluster):
    pod = cluster.run("busybox:1.36", "sh", "-c", "cat; [ -t 1 ] || echo piped")
    assert cluster.log(pod["metadata"]["name"]) == "piped\n"


def test_too_much_memory_is_the_end_and_told_as_such(cluster, ended, usage):
    script = "import time\nblocks = []\nwhile True: blocks.append(b'x' * 4_000_000); time.sleep(0.005)"
    pod = cluster.run(PYTHON, "python", "-c", script, resources={"limits": {"memory": "64Mi"}})
    assert (ended(pod)["reason"], ended(pod)["exitCode"]) == ("OOMKilled", 137)
    assert pod["status"]["phase"] == "Failed"
    assert usage(pod)["max_rss_bytes"] > 64 << 20


def test_the_memory_of_children_counts_too(cluster, ended):
    script = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = b"x" * 30_000_000
        time.sleep(30)
time.sleep(30)
"""
    pod = cluster.run(PYTHON, "python", "-c", script, resources={"limits": {"memory": "80Mi"}})
    assert ended(pod)["reason"] == "OOMKilled"


def test_memory_that_is_only_reserved_does_not_count(cluster, ended):
    script = "import mmap; held = mmap.mmap(-1, 100_000_000); print('fine')"
    pod = cluster.run(PYTHON, "python", "-c", script, resources={"limits": {"memory": "64Mi"}})
    assert (ended(pod)["reason"], cluster.log(pod["metadata"]["name"])) == ("Completed", "fine\n")


def test_a_flood_of_processes_is_stopped(cluster, ended):
    script = (
        "import os, time\nfor _ in range(600): os.fork() or (time.sleep(30), os._exit(0))\ntime.sleep(30)"
    )
    pod = cluster.run(PYTHON, "python", "-c", script)
    assert ended(pod)["exitCode"] == 137
    assert "more processes" in ended(pod)["message"]


def test_a_file_cannot_fill_the_disk(cluster, ended):
    pod = cluster.run(
        PYTHON, "python", "-c", "import resource; print(resource.getrlimit(resource.RLIMIT_FSIZE)[0])"
    )
    assert int(cluster.log(pod["metadata"]["name"])) == 1 << 30


def test_a_busy_loop_ends_with_its_pods_time(cluster, ended):
    pod = cluster.run(PYTHON, "python", "-c", "while True: pass", spec={"activeDeadlineSeconds": 1})
    assert (pod["status"]["phase"], pod["status"]["reason"]) == ("Failed", "DeadlineExceeded")


def test_what_a_finished_container_took_is_written_on_its_pod(cluster, usage):
    script = "import time; held = b'x' * 50_000_000\nwhile time.process_time() < 0.2: pass"
    took = usage(cluster.run(PYTHON, "python", "-c", script))
    assert took["cpu_seconds"] >= 0.2
    assert took["max_rss_bytes"] > 50_000_000
    assert took["seconds"] >= 0.2


def test_a_signal_is_told_with_its_number(cluster, ended):
    pod = cluster.run("bash:5", "bash", "-c", "kill -SEGV $BASHPID")
    assert (ended(pod)["exitCode"], ended(pod)["signal"]) == (139, 11)


def test_a_program_that_asks_for_time_to_end_gets_it(cluster, eventually):
    script = "trap 'echo bye; exit 0' TERM; echo ready; while true; do sleep 0.05; done"
    name = cluster.deploy("bash:5", "bash", "-c", script)
    (pod,) = eventually(lambda: cluster.pods(name))
    eventually(
        lambda: "ready" in cluster.http.get(cluster.path("pods", pod["metadata"]["name"]) + "/log").text
    )
    with cluster.http.stream("GET", cluster.path("pods", pod["metadata"]["name"]) + "/log?follow=1") as log:
        cluster.http.delete(cluster.path("pods", pod["metadata"]["name"]))
        assert log.read() == b"ready\nbye\n"


def test_a_program_that_ignores_the_question_is_killed(cluster, eventually):
    pod = {
        "metadata": {"name": "stubborn"},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "main",
                    "image": "bash:5",
                    "command": ["bash", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"],
                }
            ],
        },
    }
    cluster.create("pods", pod)
    eventually(lambda: cluster.http.get(cluster.path("pods", "stubborn") + "/log").text == "up\n")
    cluster.http.delete(cluster.path("pods", "stubborn"))
    eventually(lambda: cluster.http.get(cluster.path("pods", "stubborn")).status_code == 404)


def test_what_a_container_leaves_behind_goes_with_it(cluster, ended, alive, eventually):
    script = "setsid sleep 300 & echo $!; exit 0"
    pod = cluster.run("bash:5", "bash", "-c", script)
    assert ended(pod)["exitCode"] == 0
    left = int(cluster.log(pod["metadata"]["name"]))
    eventually(lambda: not alive(left))


def test_a_program_that_is_not_in_the_image_fails_to_start(cluster, ended):
    pod = cluster.run(PYTHON, "uvicorn", "app:app")
    assert (ended(pod)["reason"], ended(pod)["exitCode"]) == ("StartError", 128)
    assert 'exec: "uvicorn": executable file not found in $PATH' in ended(pod)["message"]


def test_absolute_paths_of_the_image_find_the_machines_interpreter(cluster):
    pod = cluster.run(PYTHON, "/usr/local/bin/python3", "-c", "print('found')")
    assert cluster.log(pod["metadata"]["name"]) == "found\n"


def test_another_version_than_asked_for_is_never_silent(cluster, note):
    pod = cluster.run(
        "python:3.999-slim", "python", "-c", "import platform; print(platform.python_version())"
    )
    version = cluster.log(pod["metadata"]["name"]).strip()
    assert re.search(
        rf"python:3\.999-slim asks for python 3\.999; this machine has {re.escape(version)}",
        note(pod, "note"),
    )


def test_without_a_command_an_interpreter_reads_an_empty_input_and_ends(cluster, ended):
    assert ended(cluster.run(PYTHON))["exitCode"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its rights away")
def test_root_runs_containers_as_a_user_without_rights_where_that_one_can_read(cluster):
    pod = cluster.run("busybox:1.36", "id", "-u")
    uid = int(cluster.log(pod["metadata"]["name"]))
    reachable = all(os.stat(parent).st_mode & 0o001 for parent in cluster.data.parents)
    assert uid == (65534 if reachable else 0)
