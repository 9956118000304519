// A life of the npm package nacos; driver.py in the folder above says what each line means.
'use strict';

const readline = require('readline');

// The subscriber's address, to which pushes go: the SDK takes that of the first interface, and a
// machine may have none but the loopback.
require('address').ip = () => '127.0.0.1';
const { NacosNamingClient } = require('nacos');

const [server, namespace, group, service, port, kind] = process.argv.slice(2);
const noise = (...words) => console.error(...words);
const logger = { info() {}, debug() {}, warn: noise, error: noise };
const client = new NacosNamingClient({ logger, serverList: server, namespace });

const instance = (role, weight) => ({
  ip: '127.0.0.1',
  port: Number(port),
  weight,
  ephemeral: kind !== 'persistent',
  metadata: { role },
});
const say = (word, hosts) => {
  const texts = hosts.map(host => `${host.port}/${host.metadata.role}/${host.weight}`);
  console.log([word, ...texts].join(' '));
};

const steps = {
  async register() {
    await client.ready();
    await client.registerInstance(service, instance('first', 1), group);
  },
  async subscribe() {
    client.subscribe({ serviceName: service, groupName: group }, hosts => say('heard', hosts));
  },
  // It has no call to change an instance: registering again is its way.
  async update() {
    await client.registerInstance(service, instance('first-updated', 2), group);
  },
  async list() {
    say('listed', await client.getAllInstances(service, group, undefined, false));
  },
  async deregister() {
    await client.deregisterInstance(service, instance('first-updated', 2), group);
  },
};

client.on('error', noise);
const lines = readline.createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
lines.on('line', async step => {
  try {
    await steps[step]();
    console.log(`done ${step}`);
  } catch (error) {
    console.log(`failed ${step} ${String(error).replace(/\n/g, ' ')}`);
  }
});
