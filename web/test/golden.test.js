import './old_browser.js';

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Hall } from '../src/hall.js';
import { RequestError, decode, encode, isRoomName, roomName } from '../src/protocol.js';
import { shows } from '../src/text.js';

/** The lines that the server's tests hold it to: frames, or what people type. */
const lines = (name, of = 'protocol') =>
  readFileSync(new URL(`../../internal/${of}/testdata/${name}`, import.meta.url), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const answers = new Map(lines('answers.jsonl').map(({ name, frame }) => [name, decode(frame)]));
const answer = (name) => {
  assert.equal(answers.get(name)?.length, 1, `a golden frame ${name}`);
  return answers.get(name)[0];
};

test('every golden frame is understood', () => {
  for (const [name, messages] of answers) assert.ok(messages.length > 0 && messages.every((message) => message.type), name);
});

test('a room made of golden frames', () => {
  const heads = [];
  const hall = new Hall((room, head, cids) => heads.push([room, head, [...cids]]));
  hall.me = 'u_1';
  hall.open(['lobby', 'agora'], 'lobby');
  const joined = answer('joined');
  assert.equal(hall.joined(joined), true);
  const room = hall.rooms.get('lobby');
  assert.equal(room.head, 129);
  assert.equal(room.segments[0][0].text, 'salut "toi"\n\u2028é 🎈');
  assert.deepEqual([room.members.map((user) => user.name), room.count], [['ada'], 1]);
  assert.deepEqual(heads, [['lobby', 129, ['b3c1']]]);
  assert.equal(hall.event(answer('event')), false);
  assert.equal(hall.rooms.get('lobby').segments[0].length, 1, 'the same event, once');
  hall.joined(answer('crowd'));
  assert.deepEqual([hall.rooms.get('agora').members, hall.rooms.get('agora').count], [null, 101]);
  hall.me = 'u_other';
  hall.presence(answer('presence'));
  assert.equal(hall.rooms.get('lobby').notices.at(-1).what, answer('presence').change);
});

test('fields that the client relies on', () => {
  const welcome = answer('welcome');
  assert.deepEqual(
    [typeof welcome.token, typeof welcome.user.id, typeof welcome.back, typeof welcome.limits.text, typeof welcome.ping],
    ['string', 'string', 'boolean', 'number', 'number'],
  );
  assert.deepEqual([answer('ack').cid, answer('ack').seq], ['b3c1', 129]);
  assert.ok(Array.isArray(answer('history').events));
  const error = RequestError.from(answer('error'));
  assert.deepEqual([typeof error.code, typeof error.message, error.temporary, typeof error.retryAfter], ['string', 'string', true, 'number']);
  assert.equal(typeof answer('bye').code, 'number');
  assert.ok(Array.isArray(answer('rooms').rooms));
});

test('what the client sends is what the server reads', () => {
  const known = new Map(lines('requests.jsonl').flatMap(({ requests }) => requests ?? []).map((request) => [request.type, request]));
  for (const type of ['hello', 'join', 'send', 'history', 'ping']) {
    assert.ok(known.has(type), type);
    assert.deepEqual(decode(encode(known.get(type))), [known.get(type)]);
  }
});

test('a room as people type it is the same room for the server and for the page', () => {
  const rows = lines('typed_rooms.jsonl', 'chat');
  assert.ok(rows.length > 50);
  for (const { typed, room } of rows) {
    const name = roomName(typed);
    assert.equal(isRoomName(name) ? name : '', room, JSON.stringify(typed));
    if (room !== '') assert.equal(roomName(room), room, `${room} typed again`);
  }
});

test('a text that shows nothing is the same for the server and for the page', () => {
  const rows = lines('texts.jsonl', 'chat');
  assert.ok(rows.length > 50);
  for (const row of rows) assert.equal(shows(row.text), row.shows, JSON.stringify(row.text));
});
