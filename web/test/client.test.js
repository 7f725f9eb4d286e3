import assert from 'node:assert/strict';
import { test } from 'node:test';

import { URL, asked, enter, newClient, pass, pending, seqs, server, settle, texts } from './world.js';

test('enters, sees the last events and sends', async () => {
  for (let i = 1; i <= 60; i++) server.say('lobby', `old ${i}`);
  const client = await enter();
  assert.deepEqual(seqs(client), [[11, 60]]);
  client.send('lobby', 'hi');
  assert.deepEqual(pending(client), ['waiting hi']);
  await settle();
  assert.deepEqual(seqs(client), [[11, 61]]);
  assert.deepEqual(pending(client), []);
  const { secret, ...hello } = asked('hello')[0];
  assert.deepEqual(hello, { type: 'hello', id: '1', name: 'ada', lang: 'en', client: 'web/1.0' });
  assert.match(secret, /^[0-9a-v]{32}$/);
});

test('a temporary refusal waits as long as asked, and nothing passes it', async () => {
  const client = await enter();
  const refused = { type: 'error', code: 'rate_limited', message: 'slow down', temporary: true, retry_after_ms: 800 };
  server.instead = (request) => (request.type === 'send' ? refused : undefined);
  client.send('lobby', 'first');
  client.send('lobby', 'second');
  await pass(700);
  assert.equal(asked('send').length, 1);
  server.instead = () => undefined;
  await pass(200);
  assert.deepEqual(texts(client), ['first', 'second']);
});

test('a server that does not count us in is asked to, and the text is sent then', async () => {
  const client = await enter();
  let outside = true;
  server.instead = (request) => {
    if (request.type === 'join') outside = false;
    return request.type === 'send' && outside ? { type: 'error', code: 'not_member', message: 'join first' } : undefined;
  };
  client.send('lobby', 'hi');
  await settle();
  assert.deepEqual(texts(client), ['hi']);
  assert.deepEqual(pending(client), []);
});

test('a permanent refusal is shown with its reason, and the next goes on', async () => {
  const client = await enter();
  const refused = { type: 'error', code: 'too_large', message: 'too large' };
  server.instead = (request) => (request.text === 'big' ? refused : undefined);
  client.send('lobby', 'big');
  client.send('lobby', 'small');
  await settle();
  assert.deepEqual(pending(client), ['failed big']);
  assert.equal(client.outbox.of('lobby')[0].reason, 'too large');
  assert.deepEqual(texts(client), ['small']);
  const [{ cid }] = client.outbox.of('lobby');
  server.instead = () => undefined;
  client.resend(cid);
  await settle();
  assert.deepEqual(texts(client), ['small', 'big']);
});

test('a text whose frame the server would not take fails by itself, and the next goes on', async () => {
  const client = await enter();
  client.send('lobby', '\n'.repeat(990)); // within the text's bound; as JSON it has twice the bytes
  client.send('lobby', 'small');
  await settle();
  assert.deepEqual(client.outbox.of('lobby').map((entry) => [entry.state, entry.code]), [['failed', 'too_large']]);
  assert.deepEqual(texts(client), ['small']);
  assert.equal(asked('hello').length, 1, 'the connection stands');
});

test('pages that hold less than was asked for are read on', async () => {
  const client = await enter();
  server.page = 1;
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  server.say('lobby', 'three', { lost: true });
  server.say('lobby', 'four');
  await settle();
  assert.deepEqual(texts(client), ['one', 'two', 'three', 'four']);
});

test('an event that comes twice is shown once', async () => {
  const client = await enter();
  const event = server.say('lobby', 'one');
  server.tell('lobby', event);
  await settle();
  assert.deepEqual(texts(client), ['one']);
});

test('older pages come above, without double', async () => {
  for (let i = 1; i <= 170; i++) server.say('lobby', `old ${i}`);
  const client = await enter();
  client.loadOlder('lobby');
  client.loadOlder('lobby');
  await settle();
  assert.deepEqual(seqs(client), [[21, 170]]);
  assert.equal(asked('history').length, 1, 'one reading at a time');
  client.loadOlder('lobby');
  await settle();
  assert.deepEqual(seqs(client), [[1, 170]]);
  const before = asked('history').length;
  client.loadOlder('lobby');
  await settle();
  assert.equal(asked('history').length, before);
});

test('who is refused at the door is told why', async () => {
  server.instead = (request) =>
    request.type === 'hello' ? { type: 'error', code: 'name_taken', message: 'in use' } : undefined;
  const client = await enter();
  assert.equal(client.refused.code, 'name_taken');
  assert.equal(client.link.phase, 'stopped');
  assert.equal(client.profile.active, false);
});

test('typing is told at most every three seconds, and forgotten after six', async () => {
  const client = await enter();
  client.typing('lobby');
  client.typing('lobby');
  await pass(3_000);
  client.typing('lobby');
  await settle();
  assert.equal(asked('typing').length, 2);
  server.tell('lobby', { type: 'typing', room: 'lobby', user: { id: 'u_b', name: 'bob', color: '#000000' } });
  await settle();
  assert.deepEqual(client.rooms.get('lobby').typing.map((who) => who.user.name), ['bob']);
  await pass(6_100);
  assert.deepEqual(client.rooms.get('lobby').typing, []);
});

test('what others say where one does not look is unread', async () => {
  const client = await enter();
  client.joinRoom('dev');
  await settle();
  server.say('lobby', 'psst');
  server.say('dev', 'seen');
  await settle();
  assert.deepEqual([client.rooms.get('lobby').unread, client.rooms.get('dev').unread], [1, 0]);
  client.look(false);
  server.say('dev', 'unseen');
  await settle();
  assert.equal(client.rooms.get('dev').unread, 1);
  client.look(true);
  assert.deepEqual([client.rooms.get('dev').unread, client.rooms.get('dev').newFrom], [0, 2]);
  client.joinRoom('lobby');
  assert.equal(client.rooms.get('lobby').unread, 0);
});

test('what others say while one reads further up is unread, until one goes back to the end', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  await settle();
  client.hold('lobby', true);
  server.say('lobby', 'two');
  server.say('lobby', 'three');
  await settle();
  assert.deepEqual([client.rooms.get('lobby').unread, client.rooms.get('lobby').newFrom], [2, 2]);
  client.look(false);
  client.look(true);
  assert.equal(client.rooms.get('lobby').unread, 2, 'to come back to the page is not to read');
  client.joinRoom('dev');
  assert.deepEqual([client.rooms.get('lobby').unread, client.rooms.get('lobby').newFrom], [2, 2], 'nor is to look elsewhere');
  client.show('lobby');
  client.hold('lobby', false);
  assert.deepEqual([client.rooms.get('lobby').unread, client.rooms.get('lobby').newFrom], [0, 2]);
  client.send('lobby', 'four');
  assert.equal(client.rooms.get('lobby').newFrom, 0);
});

test('a room that cannot be joined goes, and the reason is told', async () => {
  const problems = [];
  const client = newClient(problems);
  client.recall(URL);
  client.enter({ name: 'ada', room: 'lobby', language: 'en' });
  await settle();
  server.instead = (request) =>
    request.room === 'full' ? { type: 'error', code: 'too_many_rooms', message: 'too many' } : undefined;
  client.joinRoom('full');
  await settle();
  assert.deepEqual([...client.rooms.keys()], ['lobby']);
  assert.equal(client.current, 'lobby');
  assert.deepEqual(problems, ['too_many_rooms']);
});

test('two pages of one user: what one sends shows in the other, and names follow', async () => {
  const one = await enter();
  const two = newClient();
  two.recall(URL);
  two.enter({ name: one.profile.name, language: 'en' });
  await settle();
  assert.equal(two.user.id, one.user.id);
  two.send('lobby', 'hello me');
  await settle();
  assert.deepEqual(texts(one), ['hello me']);
  one.rename('grace', () => {});
  await settle();
  server.cut();
  await pass(2_000);
  assert.equal(two.user.name, 'grace');
});

test('knows while messages between servers are slow, also by the welcome', async () => {
  const client = await enter();
  assert.equal(client.degraded, false);
  server.tell('lobby', { type: 'degraded', degraded: true });
  await settle();
  assert.equal(client.degraded, true);
  server.cut(); // the next server is well
  await pass(5_000);
  assert.equal(client.degraded, false);
  server.tell('lobby', { type: 'degraded', degraded: true });
  await settle();
  server.tell('lobby', { type: 'degraded', degraded: false });
  await settle();
  assert.equal(client.degraded, false);
  server.degraded = true;
  server.cut();
  await pass(5_000);
  assert.equal(client.degraded, true);
});
