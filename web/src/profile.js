/** Who the user is at one server, as kept from one page to the next. */

import { readObject } from './storage.js';

/** @import { User } from './protocol.js' */
/** @import { Store } from './storage.js' */

/**
 * `secret`: of the first hello, until a token comes. `active`: the user is in the rooms, not at the form to enter.
 * @typedef {{name: string, token: string, secret: string, user: User|null, rooms: string[], current: string, active: boolean}} Profile
 */

/** @param {string} url */
const key = (url) => `salon.profile.${url}`;

/** @param {Store} store @param {string} url  the server's @returns {Profile} */
export function readProfile(store, url) {
  const kept = readObject(store, key(url)) ?? {};
  return {
    name: typeof kept.name === 'string' ? kept.name : '',
    token: typeof kept.token === 'string' ? kept.token : '',
    secret: typeof kept.secret === 'string' ? kept.secret : '',
    user: typeof kept.user?.id === 'string' ? kept.user : null,
    rooms: Array.isArray(kept.rooms) ? kept.rooms.filter((room) => typeof room === 'string') : [],
    current: typeof kept.current === 'string' ? kept.current : '',
    active: kept.active === true,
  };
}

/**
 * Takes over what another page of the same user has kept since: a name, a token, the secret of a first hello.
 * @param {Store} store
 * @param {string} url
 * @param {Profile} profile
 * @returns {Profile}
 */
export function caughtUp(store, url, profile) {
  const kept = readProfile(store, url);
  const same = profile.active && kept.token && kept.user?.id === profile.user?.id;
  const { name, token } = same ? kept : profile;
  return { ...profile, name, token, secret: profile.secret || (token ? '' : kept.secret) };
}

/** @param {Store} store @param {string} url @param {Profile} profile */
export function keepProfile(store, url, profile) {
  store.set(key(url), JSON.stringify(profile));
}
