"""A life of nacos-sdk-python 0.1.x or 1.x; driver.py in the folder above says what lines mean."""

import inspect
import sys
import threading

import nacos
from nacos.listener import Event, SubscribeListener

SERVER, NAMESPACE, GROUP, SERVICE, PORT, KIND = sys.argv[1:]
PLACE = {
    "ip": "127.0.0.1",
    "port": int(PORT),
    "cluster_name": "DEFAULT",
    "group_name": GROUP,
    "ephemeral": KIND != "persistent",
}
BEAT_S = 5
POLL_S = 1

client = nacos.NacosClient(SERVER, namespace=None if NAMESPACE == "public" else NAMESPACE)
beats_itself = "heartbeat_interval" in inspect.signature(client.add_naming_instance).parameters
said = threading.Lock()
known = {}
gone = threading.Event()


def register():
    own_beats = {"heartbeat_interval": BEAT_S} if beats_itself else {}
    must(client.add_naming_instance(SERVICE, metadata={"role": "first"}, **PLACE, **own_beats))
    if PLACE["ephemeral"] and not beats_itself:
        threading.Thread(target=beat, daemon=True).start()


def beat():
    """What an application on 0.1.x has to do."""
    while not gone.wait(BEAT_S):
        client.send_heartbeat(SERVICE, metadata={"role": "first"}, **PLACE)


def subscribe():
    # The SDK tells changes only: what was there before, the application lists.
    remember(client.list_naming_instance(SERVICE, group_name=GROUP)["hosts"])
    listener = SubscribeListener(heard, "driver")
    client.subscribe(listener, POLL_S, SERVICE, group_name=GROUP)


def heard(event, change):
    if event == Event.DELETED:
        known.pop(change.instance["port"], None)
    else:
        remember([change.instance])
    say("heard", known.values())


def remember(hosts):
    known.update({host["port"]: host for host in hosts})


def update():
    changed = {"weight": 2.0, "metadata": {"role": "first-updated"}}
    must(client.modify_naming_instance(SERVICE, **changed, **PLACE))


def listing():
    say("listed", client.list_naming_instance(SERVICE, group_name=GROUP)["hosts"])


def deregister():
    gone.set()
    must(client.remove_naming_instance(SERVICE, **PLACE))


def must(answer):
    if answer is not True:
        raise RuntimeError(f"the SDK returns {answer}")


def say(word, hosts):
    texts = [f"{host['port']}/{host['metadata']['role']}/{host['weight']}" for host in hosts]
    speak(" ".join([word, *texts]))


def speak(line):
    with said:
        print(line, flush=True)


STEPS = {
    "register": register,
    "subscribe": subscribe,
    "update": update,
    "list": listing,
    "deregister": deregister,
}
for line in sys.stdin:
    step = line.strip()
    try:
        STEPS[step]()
        speak(f"done {step}")
    except Exception as error:  # Whatever it is, the report wants it.
        speak(f"failed {step} {error!r}")
