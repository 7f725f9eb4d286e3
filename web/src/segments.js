/**
 * What is known of a room's log: runs of events without a gap, in order. Pure: no function changes its arguments.
 *
 * Between two segments events are missing, and the page shows the gap. There may be more before the first one.
 */

/** @import { Event } from './protocol.js' */
/** @typedef {Event[]} Segment  each seq is the one before plus 1; never empty */

/** @param {Segment} segment */
export const first = (segment) => segment[0].seq;
/** @param {Segment} segment */
export const last = (segment) => segment[segment.length - 1].seq;

/** @param {Segment[]} segments @returns {number} the newest seq, 0 when there is none */
export function lastSeq(segments) {
  const newest = segments.at(-1);
  return newest ? last(newest) : 0;
}

/**
 * Adds events, in any order and as often as they come: each seq is kept once.
 * @param {Segment[]} segments
 * @param {Event[]} events
 * @returns {Segment[]}
 */
export function add(segments, events) {
  let result = segments;
  for (const run of runs(events)) result = addRun(result, run);
  return result;
}

/** @param {Event[]} events @returns {Segment[]} */
function runs(events) {
  const sorted = events.filter((event) => Number.isSafeInteger(event?.seq) && event.seq > 0);
  sorted.sort((a, b) => a.seq - b.seq);
  /** @type {Segment[]} */
  const found = [];
  for (const event of sorted) {
    const run = found.at(-1);
    if (run && event.seq === last(run) + 1) run.push(event);
    else found.push([event]);
  }
  return found;
}

/** @param {Segment[]} segments @param {Segment} run @returns {Segment[]} */
function addRun(segments, run) {
  const before = segments.filter((segment) => last(segment) < first(run) - 1);
  const after = segments.filter((segment) => first(segment) > last(run) + 1);
  const touched = segments.slice(before.length, segments.length - after.length);
  if (touched.length === 0) return [...before, run, ...after];
  // Where both have an event the newer copy wins: its text may have been deleted since.
  const head = touched[0].filter((event) => event.seq < first(run));
  const tail = touched[touched.length - 1].filter((event) => event.seq > last(run));
  return [...before, [...head, ...run, ...tail], ...after];
}

/** @param {Segment[]} segments @returns {{after: number, before: number}[]} the gaps, as the events around them */
export function gaps(segments) {
  return segments.slice(1).map((segment, i) => ({ after: last(segments[i]), before: first(segment) }));
}

/** @param {Segment[]} segments */
export function size(segments) {
  return segments.reduce((sum, segment) => sum + segment.length, 0);
}

/** @param {Segment[]} segments @param {number} keep @returns {Segment[]} the newest `keep` events */
export function newest(segments, keep) {
  const kept = [];
  let room = keep;
  for (let i = segments.length - 1; i >= 0 && room > 0; i--) {
    kept.unshift(segments[i].slice(-room));
    room -= kept[0].length;
  }
  return kept;
}

/**
 * Drops the middle, which becomes a gap, for a user who reads far back while new messages come.
 * @param {Segment[]} segments
 * @param {number} oldest  how many to keep at the old end
 * @param {number} recent  how many to keep at the new end
 * @returns {Segment[]}
 */
export function ends(segments, oldest, recent) {
  const kept = [];
  let room = oldest;
  for (const segment of segments) {
    if (room <= 0) break;
    kept.push(segment.slice(0, room));
    room -= segment.length;
  }
  return [...kept, ...newest(segments, recent)];
}
