"""What an application that asks nacos-sdk-python is given, again and again, for `facos drill`."""

import json
import os
import time

import nacos

PAUSE_S = 0.2
SERVER, NAMESPACE, GROUP, SERVICE = (
    os.environ[f"FACOS_{name}"] for name in ("SERVER", "NAMESPACE", "GROUP", "SERVICE")
)

client = nacos.NacosClient(SERVER, namespace=None if NAMESPACE == "public" else NAMESPACE)
while True:
    try:
        answer = client.list_naming_instance(SERVICE, group_name=GROUP)
        # A missing list is none, as for whoever loops over it with a default.
        said = {"hosts": [f"{host['ip']}:{host['port']}" for host in answer["hosts"] or []]}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), flush=True)
    time.sleep(PAUSE_S)
