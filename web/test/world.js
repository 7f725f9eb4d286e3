/** What the tests of the client share: a server in memory, a clock of their own, and short words for what is looked at. */

import './old_browser.js';

import { afterEach, beforeEach, mock } from 'node:test';

import { Client } from '../src/client.js';
import { memoryStore } from '../src/storage.js';
import { FakeServer } from './fake_server.js';

export const URL = 'ws://here/ws';

export let server;
export let store;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.UTC(2026, 10, 22, 13) });
  server = new FakeServer();
  store = memoryStore();
});
afterEach(() => mock.timers.reset());

/** Lets everything that is under way come to rest. */
export async function settle() {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

/** Lets time pass, in steps, since timers start further timers. */
export async function pass(ms) {
  await settle();
  for (let left = ms; left > 0; left -= 50) {
    mock.timers.tick(Math.min(50, left));
    await settle();
  }
}

export function newClient(problems = []) {
  return new Client({
    store, openSocket: server.openSocket, random: () => 0.5, onChange() {}, onProblem: (error) => problems.push(error.code),
  });
}

export async function enter(name = 'ada', room = 'lobby') {
  const client = newClient();
  client.recall(URL);
  client.enter({ name, room, language: 'en' });
  await settle();
  return client;
}

export const seqs = (client, room = 'lobby') => client.rooms.get(room).segments.map((run) => [run[0].seq, run.at(-1).seq]);
export const texts = (client, room = 'lobby') => client.rooms.get(room).segments.flat().map((event) => event.text);
export const pending = (client, room = 'lobby') => client.outbox.of(room).map((entry) => `${entry.state} ${entry.text}`);
export const asked = (type) => server.requests.filter((request) => request.type === type);
