"""A life of nacos-sdk-python on gRPC; driver.py in the folder above says what lines mean."""

import asyncio
import os
import sys

from v2.nacos import (
    ClientConfigBuilder,
    DeregisterInstanceParam,
    ListInstanceParam,
    NacosNamingService,
    RegisterInstanceParam,
    SubscribeServiceParam,
)

SERVER, NAMESPACE, GROUP, SERVICE, PORT, KIND = sys.argv[1:]
PLACE = {
    "ip": "127.0.0.1",
    "port": int(PORT),
    "cluster_name": "DEFAULT",
    "service_name": SERVICE,
    "group_name": GROUP,
    "ephemeral": KIND != "persistent",
}
NAMES = {"service_name": SERVICE, "group_name": GROUP}


def first(role, weight):
    return RegisterInstanceParam(metadata={"role": role}, weight=weight, **PLACE)


async def register(naming):
    must(await naming.register_instance(first("first", 1.0)))


async def subscribe(naming):
    async def heard(instances):
        say("heard", instances)

    await naming.subscribe(SubscribeServiceParam(subscribe_callback=heard, **NAMES))


async def update(naming):
    must(await naming.update_instance(first("first-updated", 2.0)))


async def listing(naming):
    wanted = ListInstanceParam(subscribe=False, healthy_only=None, **NAMES)
    say("listed", await naming.list_instances(wanted))


async def deregister(naming):
    must(await naming.deregister_instance(DeregisterInstanceParam(**PLACE)))


def must(answer):
    if answer is not True:
        raise RuntimeError(f"the SDK returns {answer}")


def say(word, hosts):
    texts = [f"{host.port}/{host.metadata['role']}/{host.weight}" for host in hosts]
    print(" ".join([word, *texts]), flush=True)


STEPS = {
    "register": register,
    "subscribe": subscribe,
    "update": update,
    "list": listing,
    "deregister": deregister,
}


async def live():
    config = ClientConfigBuilder().server_address(SERVER).log_dir(os.getcwd())
    # Without a namespace 2.0.11 registers in one of no name, apart from `public`.
    config = config.namespace_id(NAMESPACE).cache_dir(os.getcwd()).build()
    naming = None
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        step = line.strip()
        try:
            if naming is None:
                naming = await NacosNamingService.create_naming_service(config)
            await STEPS[step](naming)
            print(f"done {step}", flush=True)
        except Exception as error:  # Whatever it is, the report wants it.
            print(f"failed {step} {str(error) or repr(error)}", flush=True)


asyncio.run(live())
os._exit(0)
