import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { TOO_NEW, TOO_NEW_STYLE, TOO_NEW_TEXT } from './old_browser.js';

const web = new URL('../', import.meta.url);
const read = (name) => readFileSync(new URL(name, web), 'utf8');
const modules = (folder) => readdirSync(new URL(folder, web), { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? modules(`${folder}${entry.name}/`) : `${folder}${entry.name}`))
  .filter((name) => name.endsWith('.js'));

/** Code without its comments, in which a built-in may be named. */
const code = (text) => text.replace(/\/\*.*?\*\//gsu, '').replace(/(^|\s)\/\/.*$/gmu, '');

/** How a built-in is used: by its full name, or as a method of something. */
const uses = TOO_NEW.map((name) => {
  const [owner, member] = name.split(/[.#]/);
  if (member === undefined) return [name, new RegExp(`(?<![.\\w'"-])${name}\\b(?!['":-])`, 'u')];
  if (name.includes('#')) return [name, new RegExp(`\\.${member}\\s*(?:\\?\\.)?\\(`, 'u')];
  return [name, new RegExp(`\\b${owner}\\s*\\.\\s*${member}\\b`, 'u')];
});

function tooNew(text) {
  return [...uses.filter(([, use]) => use.test(text)).map(([name]) => name), ...TOO_NEW_TEXT.filter((use) => use.test(text)).map(String)];
}

test('the page uses nothing that its oldest browsers lack', () => {
  const files = [...modules('src/'), 'index.html', 'echo.html'];
  assert.ok(files.length > 25, 'all modules are read');
  for (const name of files) assert.deepEqual(tooNew(code(read(name))), [], name);
  const style = code(read('style.css'));
  assert.deepEqual(TOO_NEW_STYLE.filter((use) => use.test(style)).map(String), [], 'style.css');
});

test('what is too new is found', () => {
  for (const [text, name] of [
    ['[...a].toSorted()', 'Array#toSorted'], ['new Intl.Segmenter()', 'Intl.Segmenter'], ['a.with(0, 1)', 'Array#with'], ['Object.groupBy(a, f)', 'Object.groupBy'],
    ['Promise.withResolvers()', 'Promise.withResolvers'], ['Iterator.from(a)', 'Iterator'], ['URL.canParse(a)', 'URL.canParse'], ['el.checkVisibility()', 'Element#checkVisibility'],
    ["addEventListener('scrollend', f)", String(TOO_NEW_TEXT[0])], ['x = /[a--b]/v;', String(TOO_NEW_TEXT[4])],
  ]) assert.deepEqual(tooNew(text), [name], text);
  for (const text of ['[...a].sort()', 'words.navigation', "'Iterator'", '[...m.values()].map(f)', 'a.find(b)', 'x = /[a-b]/gu;', 'a / v;']) assert.deepEqual(tooNew(text), [], text);
});

test('the tests of the modules run without them', () => {
  for (const name of ['toSorted', 'toReversed', 'with']) assert.equal([][name], undefined, name);
  assert.equal(Intl.Segmenter, undefined);
  assert.equal(Object.groupBy, undefined);
});
