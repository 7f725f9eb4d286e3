import './old_browser.js';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { comeBack, pause } from '../src/backoff.js';
import { contrast, parse, readable } from '../src/color.js';
import { items } from '../src/items.js';
import { catalog, chooseLanguage, clock } from '../src/lang.js';
import { Outbox } from '../src/outbox.js';
import { decode, isRoomName, newCID, roomName, serverURL } from '../src/protocol.js';
import * as rooms from '../src/room.js';
import { add, ends, gaps, newest } from '../src/segments.js';
import { memoryStore, openStore, readObject } from '../src/storage.js';
import { bare, isEmoji, isLong, pieces } from '../src/text.js';
import { BACKGROUND, firstLetter } from '../src/view/person.js';

const user = (name) => ({ id: `u_${name}`, name, color: '#7c3aed' });
const event = (seq, { name = 'bob', minute = seq, kind = 'message' } = {}) => ({
  room: 'lobby', seq, kind, at: new Date(Date.UTC(2026, 10, 22, 13, minute)).toISOString(), user: user(name), cid: `c${seq}`, text: `text ${seq}`,
});
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => event(from + i));
const bounds = (segments) => segments.map((run) => `${run[0].seq}-${run.at(-1).seq}`).join(' ');

test('pauses grow, stay under half a minute, and spread over their upper half', () => {
  assert.deepEqual([0, 1, 2, 6, 7, 50].map((n) => pause(n, () => 0)), [250, 500, 1000, 15_000, 15_000, 15_000]);
  assert.deepEqual([0, 6, 50].map((n) => pause(n, () => 0.999_999)), [500, 30_000, 30_000]);
});

test('close codes say whether to come back', () => {
  for (const code of [4000, 4001, 4008, 4099]) assert.equal(comeBack(code, 1000, 0, Math.random), null);
  assert.equal(comeBack(4100, 0, 0, () => 0), 5000);
  assert.equal(comeBack(4150, 9000, 0, () => 0), 9000);
  assert.equal(comeBack(4200, 0, 0, () => 0), 50);
  assert.equal(comeBack(4200, 0, 1, () => 0), 500);
  assert.equal(comeBack(1006, 0, 2, () => 0), 1000);
  assert.equal(comeBack(1013, 86_400_000, 2, () => 0), 600_000, 'no server sends a client away for a day');
});

test('segments: every order of arrival gives the same log', () => {
  const parts = [range(1, 3), range(4, 4), range(3, 6), range(8, 9), [event(12), event(10), event(10)]];
  for (let turn = 0; turn < parts.length; turn++) {
    const order = [...parts.slice(turn), ...parts.slice(0, turn)];
    const log = order.reduce((segments, events) => add(segments, events), []);
    assert.equal(bounds(log), '1-6 8-10 12-12');
    assert.deepEqual(log.flat().map((e) => e.seq), [1, 2, 3, 4, 5, 6, 8, 9, 10, 12]);
  }
});

test('segments: what is no event is left out, arguments stay as they are', () => {
  const log = Object.freeze([Object.freeze(range(1, 2))]);
  assert.equal(bounds(add(log, [event(3), { seq: 0 }, { seq: 1.5 }, { seq: '4' }, null])), '1-3');
  assert.equal(bounds(log), '1-2');
});

test('segments: gaps, the newest, both ends', () => {
  const log = add(add([], range(1, 10)), range(21, 30));
  assert.deepEqual(gaps(log), [{ after: 10, before: 21 }]);
  assert.equal(bounds(newest(log, 12)), '9-10 21-30');
  assert.equal(bounds(newest(log, 5)), '26-30');
  assert.equal(bounds(ends(log, 4, 3)), '1-4 28-30');
});

test('room: a resume replaces nothing and a foreign log replaces all', () => {
  const answer = { room: 'lobby', head: 3, events: range(1, 3), more: false, members: [user('me')], count: 1 };
  const first = rooms.joined(rooms.newRoom('lobby'), answer, 'u_me', true);
  assert.deepEqual([first.unread, first.joined, bounds(first.segments)], [0, true, '1-3']);
  const back = rooms.joined(first, { ...answer, head: 5, events: range(4, 5) }, 'u_me', false);
  assert.deepEqual([back.unread, back.newFrom, bounds(back.segments)], [2, 4, '1-5']);
  const other = rooms.joined(back, { ...answer, head: 1, events: [event(1)] }, 'u_me', true);
  assert.equal(bounds(other.segments), '1-1');
});

test('room: comings and goings, and a crowd', () => {
  const tell = (room, change, name, count, more = {}) =>
    rooms.presence(room, { type: 'presence', change, user: name && user(name), count, ...more }, 'u_me', ++id);
  let id = 0;
  let room = { ...rooms.newRoom('lobby'), joined: true, members: [user('me')], count: 1 };
  room = tell(room, 'join', 'bob', 2);
  room = tell(room, 'rename', 'bob', 2, { old: 'rob' });
  room = tell(room, 'back', 'bob', 2);
  room = tell(room, 'back', 'bob', 2);
  room = tell(room, 'join', 'me', 2);
  assert.deepEqual(room.notices.map((n) => n.what), ['join', 'rename', 'back'], 'told once, and nothing of oneself');
  assert.deepEqual(room.members.map((m) => m.name), ['bob', 'me']);
  room = tell(room, 'leave', 'bob', 1);
  assert.deepEqual([room.members.map((m) => m.name), room.count], [['me'], 1]);
  room = tell(room, 'count', undefined, 140);
  assert.deepEqual([room.members, room.count], [null, 140]);
  room = tell(room, 'count', undefined, 2, { members: [user('me'), user('bob')] });
  assert.deepEqual([room.members.length, room.count], [2, 2]);
});

test('room: kept bounded, at its end and while someone reads far back', () => {
  const noted = rooms.noted({ ...rooms.newRoom('lobby'), segments: [range(1, 3)] }, { id: 1, what: 'join', name: 'bob', old: '' });
  const long = { ...noted, segments: [range(1, 601)] };
  assert.equal(bounds(rooms.trimmed(long, false).segments), '202-601');
  assert.deepEqual(rooms.trimmed(long, false).notices, []);
  assert.equal(rooms.trimmed(long, true), long);
  const longer = { ...noted, segments: [range(1, 5001)] };
  assert.equal(bounds(rooms.trimmed(longer, true).segments), '1-2500 4602-5001');
});

test('items: days, turns, notices, gaps, what is new and what is on its way', () => {
  let room = { ...rooms.newRoom('lobby'), joined: true };
  room = rooms.noted(room, { id: 1, what: 'welcome', name: 'me', old: '' });
  room = { ...room, segments: [[event(1), event(2, { name: 'me' }), event(3, { name: 'me' })]] };
  room = rooms.noted(room, { id: 2, what: 'join', name: 'eve', old: '' });
  room = { ...room, newFrom: 7, segments: add(room.segments, [event(6, { kind: 'poll' }), event(7, { minute: 1440 }), event(8, { minute: 1446 })]) };
  const entry = (cid, typed) => ({ cid, room: 'lobby', text: cid, typed, state: 'waiting', seq: 0, code: '', reason: '' });
  const shown = items(room, [entry('a', 5), entry('b', 6)], 'u_me', clock('en', 'UTC').dayKey);
  assert.deepEqual(shown.map((item) => `${item.key}${item.first ? ' first' : ''}`.replace(/^day .* /, 'day ')), [
    'beginning', 'notice 1', 'day 1', 'seq 1 first', 'seq 2 first', 'seq 3', 'notice 2', 'gap 3', 'day 7', 'new 7',
    'seq 7 first', 'seq 8 first', 'cid a first', 'cid b',
  ]);
  assert.equal(shown.find((item) => item.kind === 'gap').missing, 2);
  assert.equal(new Set(shown.map((item) => item.key)).size, shown.length);
});

test('items: comings and goings in a row are one line for each kind, with every name once, by the last of it', () => {
  let room = { ...rooms.newRoom('lobby'), joined: true, segments: [range(1, 1)] };
  let id = 0;
  const note = (what, name) => (room = rooms.noted(room, { id: ++id, what, name, old: '' }));
  for (let i = 1; i <= 30; i++) note('leave', `p${i}`);
  for (let i = 1; i <= 30; i++) note('back', `p${i}`);
  note('leave', 'p1');
  note('rename', 'p2');
  note('back', 'p1');
  room = { ...room, segments: [range(1, 2)] };
  note('back', 'p1');
  const shown = items(room, [], 'u_me', clock('en', 'UTC').dayKey).filter((item) => item.kind === 'notice');
  assert.deepEqual(shown.map((item) => `${item.notice.what} ${item.names.length}`), ['back 29', 'leave 1', 'rename 1', 'back 1', 'back 1']);
  assert.deepEqual([shown[0].names[0], shown[1].names], ['p2', ['p1']]);
  assert.equal(new Set(shown.map((item) => item.key)).size, shown.length);
});

test('protocol: a frame holds lines, and what is not an object with a type is left out', () => {
  assert.deepEqual(decode('{"type":"a"}\n\n{"type":"b","x":1}\nnot json\n[1]\n{"type":3}\nnull\n'), [{ type: 'a' }, { type: 'b', x: 1 }]);
  assert.deepEqual(decode(new ArrayBuffer(4)), []);
  assert.match(newCID(), /^0[0-9a-v]{19}$/);
  assert.notEqual(newCID(), newCID());
});

test('protocol: rooms and addresses as people type them', () => {
  assert.equal(roomName('  #Café Été '), 'café-été');
  assert.equal(roomName('E\u0301TE\u0301'), 'été');
  for (const name of ['lobby', 'été', '日本語', 'a.b-c_d', 'नमस्ते']) assert.ok(isRoomName(name), name);
  for (const name of ['', '.a', 'a/b', 'a b', 'x'.repeat(65), 'é'.repeat(33), 'a\u202e', '<b>']) assert.ok(!isRoomName(name), name);
  for (const [typed, url] of [
    ['127.0.0.1:8888', 'ws://127.0.0.1:8888/ws'], ['chat.example', 'ws://chat.example/ws'], ['[::1]:8888', 'ws://[::1]:8888/ws'],
    ['https://chat.example', 'wss://chat.example/ws'], ['http://chat.example/talk/ws', 'ws://chat.example/talk/ws'],
    ['ws://a:1/#x', 'ws://a:1/ws'], ['', ''], ['ftp://a', ''], ['javascript:alert(1)', ''], ['a b', ''], ['ws://', ''],
    ['not a server!!', ''], ['not-a-server!!', ''], ['a%20b', ''], ['élan.example:1', 'ws://xn--lan-9la.example:1/ws'], ['host_1', 'ws://host_1/ws'],
  ]) assert.equal(serverURL(typed), url, typed);
});

test('text: what is sent keeps its indentation, and neither empty lines around it nor spaces at its end', () => {
  for (const [typed, sent] of [
    ['  if x:\n    y\n', '  if x:\n    y'], ['\n \t\n\n  a\n\n  b \n \n', '  a\n\n  b'], [' \n\t ', ''], ['', ''], ['a', 'a'],
  ]) assert.equal(bare(typed), sent);
});

test('text: long is what has many letters or many lines', () => {
  for (const text of ['a'.repeat(3001), 'a\n'.repeat(40), '\u2028'.repeat(40)]) assert.ok(isLong(text), text.slice(0, 4));
  for (const text of ['', 'a'.repeat(3000), 'a\n'.repeat(20)]) assert.ok(!isLong(text), text.slice(0, 4));
});

test('text: only http and https are links, and the sentence keeps its end', () => {
  const links = (text) => pieces(text).filter((piece) => piece.href).map((piece) => piece.text);
  for (const [text, found] of [
    ['see https://a.org/b.', ['https://a.org/b']], ['(https://a.org/x_(y))', ['https://a.org/x_(y)']],
    ['“http://a.org/?q=1&r=2”, ok', ['http://a.org/?q=1&r=2']], ['javascript:alert(1)', []], ['data:text/html,x', []],
    ['https://', []], ['xhttps://a.org', []], ['https://a.org"onclick="x', ['https://a.org']],
    ['https://a.org\u202egro.b', ['https://a.org']], ['https://a.org https://b.org', ['https://a.org', 'https://b.org']],
  ]) assert.deepEqual(links(text), found, text);
  for (const [text, link] of [
    // closing punctuation of any script, with text after it or not
    ['看https://a.org，谢谢', 'https://a.org'], ['https://a.org。', 'https://a.org'], ['（https://a.org）', 'https://a.org'],
    ['https://a.org（官网）', 'https://a.org'], ['「https://a.org」と', 'https://a.org'], ['https://a.org、https', 'https://a.org'],
    ['https://a.org/x；', 'https://a.org/x'], ['https://a.org/x：好', 'https://a.org/x'], ['https://a.org！', 'https://a.org'],
    ['https://a.org？', 'https://a.org'], ['【https://a.org】', 'https://a.org'], ['《https://a.org》', 'https://a.org'], ['https://a.org｡', 'https://a.org'],
    ['https://a.org؟', 'https://a.org'], ['https://a.org، و', 'https://a.org'], ['https://a.org؛', 'https://a.org'], ['https://a.org۔', 'https://a.org'],
    ['https://a.org।', 'https://a.org'], ['https://a.org॥', 'https://a.org'], ['https://a.org։', 'https://a.org'], ['https://a.org።', 'https://a.org'],
    ['https://a.org။', 'https://a.org'], ['https://a.org។', 'https://a.org'], ['https://a.org།', 'https://a.org'], ['https://a.org׃', 'https://a.org'],
    ['«https://a.org»', 'https://a.org'], ['„https://a.org“', 'https://a.org'], ['‹https://a.org›', 'https://a.org'], ['‘https://a.org’', 'https://a.org'],
    ['https://a.org…', 'https://a.org'], ['https://a.org—see', 'https://a.org'], ['https://a.org–', 'https://a.org'], ['https://a.org・', 'https://a.org'],
    ['https://a.org‼', 'https://a.org'], ['https://a.org⟩', 'https://a.org'], ['https://a.org／', 'https://a.org'],
    // Markdown and code
    ['`https://a.org`', 'https://a.org'], ['`https://a.org`s', 'https://a.org'], ['**https://a.org**', 'https://a.org'], ['**https://a.org**b', 'https://a.org'],
    ['*https://a.org/b*', 'https://a.org/b'], ['***https://a.org***.', 'https://a.org'], ['**https://a.org**，谢谢', 'https://a.org'], ['__https://a.org/a_b__', 'https://a.org/a_b'],
    ['_https://a.org/a_b_', 'https://a.org/a_b'], ['_https://a.org/a_b_, ok', 'https://a.org/a_b'], ['~~https://a.org~~', 'https://a.org'], ['||https://a.org||', 'https://a.org'],
    ['[a](https://a.org)b', 'https://a.org'], ['[a](https://a.org/x_(y)).', 'https://a.org/x_(y)'], ['[https://a.org]', 'https://a.org'], ['{https://a.org}', 'https://a.org'],
    ['"https://a.org"', 'https://a.org'], ["'https://a.org'", 'https://a.org'], ['<https://a.org>', 'https://a.org'], ['|https://a.org|', 'https://a.org'], ['https://a.org\\n', 'https://a.org'],
    // what cannot be seen
    ['https://a.org\u200b', 'https://a.org'], ['https://a.org\u200bb', 'https://a.org'], ['https://a.org\ufeffb', 'https://a.org'], ['https://a.org\u3164', 'https://a.org'],
    ['https://a.org\u0000b', 'https://a.org'], ['https://a.org\u2060', 'https://a.org'], ['https://a.org\u00ad', 'https://a.org'], ['https://a.org\u200d', 'https://a.org'],
    // what belongs to the address
    ['https://fr.wikipedia.org/wiki/L’Été_(film)', 'https://fr.wikipedia.org/wiki/L’Été_(film)'], ['https://a.org/日本語', 'https://a.org/日本語'],
    ['https://ja.wikipedia.org/wiki/ジョン・スミス', 'https://ja.wikipedia.org/wiki/ジョン・スミス'], ['https://a.org/Bose–Einstein', 'https://a.org/Bose–Einstein'],
    ['https://a.org/?q=1,2;3&r=a*b~c#!/x', 'https://a.org/?q=1,2;3&r=a*b~c#!/x'], ['https://a.org/a_', 'https://a.org/a_'], ['https://a.org/-', 'https://a.org/-'],
    ['https://[::1]:80/x', 'https://[::1]:80/x'], ['https://a.org/css?f=A|B', 'https://a.org/css?f=A|B'], ['https://a.org/{id}', 'https://a.org/{id}'], ['https://a.org/می\u200cخواهم', 'https://a.org/می\u200cخواهم'],
  ]) {
    assert.deepEqual(links(text)[0], link, text);
    assert.equal(pieces(text).map((piece) => piece.text).join(''), text);
  }
  for (const text of ['', 'no link', 'a https://b.org c', 'https://b.org', '<img src=x onerror=alert(1)>']) {
    assert.equal(pieces(text).map((piece) => piece.text).join(''), text);
  }
  for (const text of ['🎉', '👍🏽 ❤️', '👩‍💻', '🇫🇷', '🇫🇷🇩🇪 🎉', '1️⃣', '#️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿']) assert.ok(isEmoji(text), text);
  for (const text of ['', 'a🎉', '12', '🎉'.repeat(6), '#', '🇫', '1\ufe0f', '🇫🇷'.repeat(6)]) assert.ok(!isEmoji(text), text);
});

test('text: a hostile text does not take long', () => {
  for (const text of ['https://a' + ')'.repeat(60_000), 'https://'.repeat(8_000), '👩‍'.repeat(20_000), '(https://a.b'.repeat(5_000)]) {
    assert.equal(pieces(text).map((piece) => piece.text).join(''), text);
    isEmoji(text);
  }
});

test('avatars: the first letter is what people take for one', () => {
  for (const [name, letter] of [
    ['ada', 'a'], ['e\u0301va', 'e\u0301'], ['李四', '李'], ['🇫🇷 x', '🇫🇷'], ['👍🏽x', '👍🏽'], ['👩‍💻x', '👩‍💻'], ['❤️x', '❤️'], ['𐐀b', '𐐀'], ['नमन', 'न'], ['', ''],
  ]) assert.equal(firstLetter(name), letter, name);
});

test('colours: any colour can be read on any of the backgrounds', () => {
  for (const color of ['#7c3aed', '#000000', '#ffffff', '#ffff00', '#4d7c0f', 'red', '', 'url(x)']) {
    for (const background of Object.values(BACKGROUND)) {
      const shown = readable(color, background);
      assert.match(shown, /^#[0-9a-f]{6}$/);
      assert.ok(contrast(parse(shown), parse(background)) >= 4.5, `${color} on ${background}`);
    }
  }
  assert.equal(readable('#7c3aed', '#ffffff'), '#7c3aed');
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
});

test('languages: both say everything, in the same places', () => {
  assert.deepEqual(Object.keys(catalog.fr), Object.keys(catalog.en));
  assert.deepEqual(Object.keys(catalog.fr.codes), Object.keys(catalog.en.codes));
  for (const key of Object.keys(catalog.en)) assert.equal(typeof catalog.fr[key], typeof catalog.en[key], key);
  assert.equal(chooseLanguage(['de', 'fr-CA', 'en']), 'fr');
  assert.equal(chooseLanguage(['de']), 'en');
  assert.equal(catalog.fr.here(0), '0 membre');
  assert.equal(catalog.en.here(1), '1 member');
});

test('languages: a room has one French word', () => {
  const said = Object.values(catalog.fr).flatMap((words) =>
    typeof words === 'function' ? words(2, 2, 'x') : typeof words === 'object' ? Object.values(words).flat() : words);
  for (const words of said) assert.doesNotMatch(words, /salon/i);
});

test('times are local, days have names', () => {
  const paris = clock('fr', 'Europe/Paris');
  const at = new Date('2026-11-22T23:05:00Z');
  assert.equal(paris.time(at), '[00:05]');
  assert.equal(clock('en', 'UTC').time(at), '[23:05]');
  assert.equal(paris.day(at, new Date('2026-11-23T12:00:00Z')), 'Aujourd’hui');
  assert.equal(paris.day(at, new Date('2026-11-24T12:00:00Z')), 'Hier');
  assert.match(paris.day(at, new Date('2026-12-24T12:00:00Z')), /lundi 23 novembre 2026/);
});

test('yesterday is the day before in the calendar, also where a day has 23 or 25 hours', () => {
  for (const [zone, at, now, day] of [
    ['Europe/Paris', '2026-10-24T12:00Z', '2026-10-25T22:30Z', 'Yesterday'], ['Europe/Paris', '2026-10-25T00:30Z', '2026-10-25T22:30Z', 'Today'],
    ['Europe/Paris', '2026-03-29T12:00Z', '2026-03-29T22:30Z', 'Yesterday'], ['Europe/Paris', '2026-03-28T12:00Z', '2026-03-29T22:30Z', 'Saturday 28 March 2026'],
    ['America/New_York', '2026-10-31T16:00Z', '2026-11-02T04:30Z', 'Yesterday'], ['America/New_York', '2026-03-08T16:00Z', '2026-03-09T04:30Z', 'Yesterday'],
    ['Australia/Lord_Howe', '2026-04-04T00:00Z', '2026-04-05T13:15Z', 'Yesterday'], ['America/Santiago', '2026-09-05T16:00Z', '2026-09-06T04:30Z', 'Yesterday'],
    ['UTC', '2026-12-31T23:59Z', '2027-01-01T00:00Z', 'Yesterday'], ['UTC', '2028-02-29T12:00Z', '2028-03-01T12:00Z', 'Yesterday'],
    ['UTC', '2026-11-22T12:00Z', '2026-11-21T12:00Z', 'Sunday 22 November 2026'],
  ]) assert.equal(clock('en', zone).day(new Date(at), new Date(now)).replace(',', ''), day, `${zone} ${at}`);
});

test('the time zone is that of the device now, not that of the start', () => {
  const before = process.env.TZ;
  try {
    process.env.TZ = 'Europe/Paris';
    const here = clock('en');
    const at = new Date('2026-11-22T23:05:00Z');
    assert.equal(here.time(at), '[00:05]');
    process.env.TZ = 'Asia/Tokyo';
    here.renew();
    assert.equal(here.time(at), '[08:05]');
    assert.equal(here.zone, 'Asia/Tokyo');
    assert.equal(here.day(at, new Date('2026-11-23T00:00:00Z')), 'Today');
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test('outbox: the order typed outlives a reload, whatever the order of the store', () => {
  const store = memoryStore();
  const first = new Outbox(store, 'me');
  for (const text of ['a', 'b', 'c']) first.add('lobby', text);
  const reversed = { ...store, keys: () => store.keys().reverse() };
  assert.deepEqual(new Outbox(reversed, 'me').of('lobby').map((entry) => entry.text), ['a', 'b', 'c']);
  assert.deepEqual(new Outbox(store, 'other').of('lobby'), []);
  store.set('salon.outbox.me.x', '{"cid":1}');
  assert.equal(new Outbox(store, 'me').of('lobby').length, 3, 'what is no entry is left out');
});

test('storage: blocked, full or filled with nonsense, the page works', () => {
  const blocked = openStore(() => { throw new Error('SecurityError'); });
  blocked.set('a', '1');
  assert.equal(blocked.get('a'), '1');

  const kept = new Map();
  const full = { getItem: (key) => kept.get(key) ?? null, setItem() { throw new Error('QuotaExceededError'); }, removeItem: (key) => kept.delete(key) };
  const store = openStore(() => full);
  store.set('a', '2');
  assert.equal(store.get('a'), '2');
  assert.ok(store.keys().includes('a'));
  store.remove('a');
  assert.equal(store.get('a'), null);

  const nonsense = memoryStore();
  for (const text of ['{', '[]', '"x"', 'null', '3']) {
    nonsense.set('k', text);
    assert.equal(readObject(nonsense, 'k'), null);
  }
});
