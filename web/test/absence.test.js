import assert from 'node:assert/strict';
import { test } from 'node:test';

import { URL, asked, enter, newClient, pass, pending, seqs, server, settle, store, texts } from './world.js';

test('a lost connection: what was typed is delivered once, in order, and the absence is filled', async () => {
  const client = await enter();
  client.send('lobby', 'before');
  await settle();
  server.down = true;
  server.cut();
  await settle();
  assert.equal(client.link.phase, 'waiting');
  assert.equal(client.rooms.get('lobby').joined, false);
  client.send('lobby', 'one');
  client.send('lobby', 'two');
  client.send('lobby', 'three');
  server.say('lobby', 'meanwhile');
  await pass(4_000);
  assert.deepEqual(pending(client), ['waiting one', 'waiting two', 'waiting three']);
  server.down = false;
  await pass(5_000);
  assert.equal(client.link.phase, 'open');
  assert.deepEqual(texts(client), ['before', 'meanwhile', 'one', 'two', 'three']);
  assert.deepEqual(seqs(client), [[1, 5]]);
  assert.deepEqual(pending(client), []);
  assert.equal(asked('hello').at(-1).token, 'token 0');
  assert.equal(asked('join').at(-1).since, 1);
});

test('a welcome that got lost: the hello is said again as the same new user, also after a reload', async () => {
  server.instead = (request) => {
    if (request.type !== 'hello') return undefined;
    server.hello({}, request);
    server.cut();
    return null;
  };
  const client = await enter();
  assert.equal(client.user, null);
  const secret = asked('hello')[0].secret;
  client.quit();
  server.instead = () => undefined;
  const again = await enter();
  assert.equal(asked('hello').at(-1).secret, secret);
  assert.equal(again.user.id, 'u_0');
  assert.equal(server.users.size, 1);
  server.cut();
  await pass(2_000);
  assert.equal(asked('hello').at(-1).token, 'token 0');
  assert.equal(asked('hello').at(-1).secret, undefined);
});

test('a name taken elsewhere while we were away is not undone', async () => {
  const client = await enter();
  server.cut();
  server.users.get('token 0').name = 'countess';
  await pass(2_000);
  assert.equal(client.link.phase, 'open');
  assert.equal(client.user.name, 'countess');
  assert.equal(asked('hello').at(-1).name, undefined);
});

test('an ack that got lost: sent again under the same cid, stored once, shown once', async () => {
  const client = await enter();
  server.instead = (request) => {
    if (request.type !== 'send') return undefined;
    server.say('lobby', request.text, { user: client.user, cid: request.cid, lost: true });
    server.cut();
    server.instead = () => undefined;
    return null;
  };
  client.send('lobby', 'once');
  await pass(3_000);
  assert.deepEqual(texts(client), ['once']);
  assert.deepEqual(pending(client), []);
  assert.equal(asked('send').length, 1, 'its event says that it is stored: no need to ask again');
});

test('a send without any answer is sent again under the same cid', async () => {
  const client = await enter();
  let swallowed = 0;
  server.instead = (request) => (request.type === 'send' && swallowed++ === 0 ? null : undefined);
  client.send('lobby', 'once');
  client.send('lobby', 'after');
  await pass(40_000);
  assert.deepEqual(texts(client), ['once', 'after']);
  assert.equal(asked('send')[0].cid, asked('send')[1].cid);
});

test('a reload keeps the user, the rooms and the outbox', async () => {
  const client = await enter();
  client.joinRoom('dev');
  await settle();
  server.down = true;
  server.cut();
  await settle();
  client.send('lobby', 'kept');
  client.send('dev', 'kept too');
  client.quit(); // the page goes; its store stays

  const next = newClient();
  const profile = next.recall(URL);
  next.enter({ name: profile.name, language: 'en' });
  await settle();
  assert.deepEqual(pending(next), ['waiting kept']);
  server.down = false;
  await pass(2_000);
  assert.deepEqual(texts(next), ['kept']);
  assert.deepEqual(texts(next, 'dev'), ['kept too']);
  assert.equal(next.user.id, client.profile.user.id);
  assert.deepEqual(store.keys().filter((key) => key.includes('outbox')), []);
});

test('a long absence leaves a gap in sight, which can be read', async () => {
  const client = await enter();
  server.say('lobby', 'known');
  await settle();
  server.cut();
  for (let i = 0; i < 250; i++) server.say('lobby', `missed ${i}`);
  await pass(2_000);
  assert.deepEqual(seqs(client), [[1, 1], [152, 251]]);
  client.loadGap('lobby', 1);
  await settle();
  assert.deepEqual(seqs(client), [[1, 101], [152, 251]]);
  client.loadGap('lobby', 101);
  await settle();
  assert.deepEqual(seqs(client), [[1, 251]]);
});

test('a hole in what comes live is read at once', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  server.say('lobby', 'three', { lost: true });
  server.say('lobby', 'four');
  await settle();
  assert.deepEqual(texts(client), ['one', 'two', 'three', 'four']);
});

test('a gap whose reading fails is read again by itself, after growing pauses', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  await settle();
  let failures = 0;
  server.instead = (request) =>
    request.type === 'history' && failures++ < 3 ? { type: 'error', code: 'unavailable', message: 'away', temporary: true } : undefined;
  server.say('lobby', 'three');
  await settle();
  assert.deepEqual(texts(client), ['one', 'three']);
  assert.deepEqual([...client.loading], ['lobby gap 1'], 'the page says that it is still at it');
  await pass(300);
  assert.equal(asked('history').length, 1, 'not at once');
  await pass(100);
  assert.equal(asked('history').length, 2);
  await pass(2_500);
  assert.deepEqual(texts(client), ['one', 'two', 'three']);
  assert.deepEqual([...client.loading], []);
  await pass(60_000);
  assert.equal(asked('history').length, 4, 'and then no more');
});

test('a gap is read after the connection or the answer was lost, and older messages are, too', async () => {
  const client = await enter();
  server.say('lobby', 'known');
  await settle();
  server.cut();
  for (let i = 0; i < 150; i++) server.say('lobby', `missed ${i}`);
  await pass(2_000);
  assert.deepEqual(seqs(client), [[1, 1], [52, 151]]);
  let lost = 0;
  server.instead = (request) => (request.type === 'history' && lost++ === 0 ? null : undefined);
  client.loadGap('lobby', 1);
  await settle();
  server.down = true;
  server.cut();
  await pass(3_000);
  server.down = false;
  await pass(6_000);
  assert.deepEqual(seqs(client), [[1, 151]]);

  await pass(10_000);
  lost = 0;
  server.cut();
  for (let i = 0; i < 150; i++) server.say('lobby', `more ${i}`);
  await pass(2_000);
  client.loadGap('lobby', 151);
  await pass(40_000);
  assert.deepEqual(seqs(client), [[1, 301]], 'an answer that never came');
});

test('what is no longer missing, or refused for good, is not asked for again', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  await settle();
  server.instead = (request) =>
    request.type === 'history' ? { type: 'error', code: 'unavailable', message: 'away', temporary: true, retry_after_ms: 5_000 } : undefined;
  server.say('lobby', 'three');
  await settle();
  await pass(4_900);
  assert.equal(asked('history').length, 1, 'the server said when');
  client.leaveRoom('lobby');
  await pass(60_000);
  assert.equal(asked('history').length, 1, 'the room was left');
  assert.deepEqual([...client.loading], []);

  server.instead = (request) => (request.type === 'history' ? { type: 'error', code: 'bad_request', message: 'no' } : undefined);
  client.joinRoom('lobby');
  await settle();
  client.loadGap('lobby', 1);
  await pass(60_000);
  assert.equal(asked('history').length, 2);
  client.quit();
  await pass(60_000);
  assert.equal(asked('history').length, 2);
});

test('lag: joins again from what it has', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  server.tell('lobby', { type: 'lag', room: 'lobby', seq: 1 });
  await settle();
  assert.deepEqual(texts(client), ['one', 'two']);
  assert.equal(asked('join').at(-1).since, 1);
});

test('a server that lost its data: the room is read anew, under the same name', async () => {
  const client = await enter();
  server.say('lobby', 'gone 1');
  server.say('lobby', 'gone 2');
  await settle();
  server.down = true;
  server.cut();
  await settle();
  client.send('lobby', 'typed');
  server.logs.clear();
  server.users.clear();
  server.say('lobby', 'new');
  server.down = false;
  await pass(2_000);
  assert.deepEqual(texts(client), ['new', 'typed']);
  assert.equal(client.user.name, 'ada');
  assert.equal(asked('hello').at(-1).token, undefined);
});

test('a fresh, empty history: all that is said in it is seen, and what is sent arrives', async () => {
  const client = await enter();
  for (let i = 1; i <= 5; i++) server.say('lobby', `old ${i}`);
  await settle();
  server.cut();
  server.logs.clear();
  await pass(2_000);
  assert.equal(asked('join').at(-1).since, undefined);
  for (let i = 1; i <= 3; i++) server.say('lobby', `new ${i}`);
  client.send('lobby', 'typed');
  await settle();
  assert.deepEqual(texts(client), ['new 1', 'new 2', 'new 3', 'typed']);
  assert.deepEqual(pending(client), []);
});

test('restart, rest and refusal: comes back as the close code says', async () => {
  const client = await enter();
  server.cut(4200, { message: 'restarting' });
  await settle();
  assert.equal(client.link.phase, 'waiting');
  assert.equal(client.link.retryAt - Date.now(), 275);
  await pass(300);
  assert.equal(client.link.phase, 'open');

  server.cut(4100, { message: 'busy', retry_after_ms: 10_000 });
  await settle();
  assert.equal(client.link.retryAt - Date.now(), 12_500);
  await pass(12_500);
  assert.equal(client.link.phase, 'open');

  server.cut(4003, { message: 'kicked' });
  await pass(120_000);
  assert.deepEqual([client.link.phase, client.link.reason], ['stopped', 'kicked']);
  client.retryNow();
  await settle();
  assert.equal(client.link.phase, 'open');
});

test('a dead connection is noticed by missed pings', async () => {
  const client = await enter();
  server.mute = true;
  await pass(74_000);
  assert.equal(client.link.phase, 'open');
  await pass(2_000);
  assert.notEqual(client.link.phase, 'open');
});

test('pings that are answered keep the connection', async () => {
  const client = await enter();
  await pass(200_000);
  assert.equal(client.link.phase, 'open');
  assert.equal(asked('hello').length, 1);
  assert.ok(asked('ping').length >= 7);
});

test('after sleep a dead connection is noticed in seconds, a live one stays', async () => {
  const client = await enter();
  client.check();
  await pass(10_000);
  assert.equal(asked('hello').length, 1);
  server.mute = true;
  client.check();
  await pass(5_000);
  assert.notEqual(client.link.phase, 'open');
});

test('pauses grow while the server is away, and it can be tried at once', async () => {
  const client = await enter();
  server.down = true;
  server.cut();
  const pauses = [];
  await settle();
  for (let i = 0; i < 10; i++) {
    pauses.push(client.link.retryAt - Date.now());
    await pass(pauses.at(-1));
  }
  assert.deepEqual(pauses, [375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500, 22_500]);
  server.down = false;
  client.retryNow();
  await settle();
  assert.equal(client.link.phase, 'open');
  server.cut();
  await settle();
  assert.equal(client.link.retryAt - Date.now(), 22_500, 'a connection that ends at once was no good one');
  await pass(22_500);
  await pass(5_000);
  server.cut();
  await settle();
  assert.equal(client.link.retryAt - Date.now(), 375, 'one that lasted was');
});
