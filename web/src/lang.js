/**
 * What the page says, in French and in English, and how it writes times. Pure.
 */

/** @typedef {'fr'|'en'} Language */
/** @typedef {typeof en} Words */

/** @param {number} n @param {string} one @param {string} many */
const counted = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
/** @param {number} n @param {string} one @param {string} many */
const compte = (n, one, many) => `${n.toLocaleString('fr')} ${n < 2 ? one : many}`;

const en = {
  tagline: 'A room to talk in, right now.',
  name: 'Your name',
  namePlaceholder: 'ada',
  room: 'Room',
  server: 'Server’s address',
  badServer: 'This is no address: host:port, ws://… or http://… is.',
  noName: 'Say a name.',
  badRoom: 'Letters, digits, “-”, “_” and “.” only, 64 bytes at most.',
  enter: 'Come in',
  entering: 'Coming in…',
  cancel: 'Cancel',
  language: 'Language',
  rooms: 'Rooms',
  otherRooms: 'Other rooms',
  joinRoom: 'Join or open a room',
  joinPlaceholder: 'room name',
  join: 'Join',
  leave: 'Leave this room',
  leaveUnsent: 'What you typed here is not sent yet and would be lost. Leave all the same?',
  noRoom: 'You are in no room. Join one, or open your own.',
  members: 'Members',
  you: 'you',
  crowd: 'Too many to list.',
  here: (/** @type {number} */ n) => counted(n, 'member', 'members'),
  unread: (/** @type {number} */ n) => counted(n, 'unread message', 'unread messages'),
  log: (/** @type {string} */ room) => `Messages in ${room}`,
  message: (/** @type {string} */ room) => `Message to ${room}`,
  messageHint: 'Enter sends, Shift+Enter starts a new line',
  send: 'Send',
  tooLong: (/** @type {number} */ over) => `Too long by ${counted(over, 'byte', 'bytes')}.`,
  youSaid: 'You said',
  said: ' said',
  today: 'Today',
  yesterday: 'Yesterday',
  /** @type {(n: number) => string} */
  joined: () => ' joined the room',
  /** @type {(n: number) => string} */
  left: () => ' left the room',
  /** @type {(n: number) => string} */
  back: (n) => (n === 1 ? ' is back' : ' are back'),
  others: (/** @type {number} */ n) => counted(n, 'other', 'others'),
  renamed: ' is now ',
  welcome: 'Welcome, ',
  welcomeBack: 'Welcome back, ',
  /** @type {(n: number) => string} */
  typing: (n) => (n === 1 ? ' is typing…' : ' are typing…'),
  several: 'Several people are typing…',
  and: ' and ',
  newMessages: 'New',
  beginning: 'This is where the room begins.',
  older: 'Older messages',
  loading: 'Loading…',
  gap: (/** @type {number} */ n) => `${counted(n, 'event', 'events')} not shown — load`,
  latest: 'Latest messages',
  newCount: (/** @type {number} */ n) => counted(n, 'new message', 'new messages'),
  connecting: 'Connecting…',
  connected: 'Connected',
  lost: 'Connection lost. What you write is kept.',
  slow: 'Messages between the servers are slow for now.',
  unreachable: 'The server does not answer.',
  retryIn: (/** @type {number} */ s) => `Next attempt in ${s} s.`,
  retryNow: 'Retry now',
  stopped: 'The server ended the connection.',
  waiting: 'Waiting to be sent',
  sent: 'Sent',
  failed: 'Not sent',
  resend: 'Retry',
  edit: 'Edit',
  discard: 'Discard',
  settings: 'Settings',
  rename: 'Change name',
  save: 'Save',
  close: 'Close',
  quit: 'Leave the server',
  download: 'Keep this page as a file',
  openRooms: 'Show rooms',
  openMembers: 'Show members',
  /** @type {(about: string, why: string) => string} */
  failedAbout: (about, why) => `This did not work (${about}): ${why}`,
  /** How a command is written, and what it does. */
  commands: /** @type {Record<string, [string, string]>} */ ({
    '/who': ['/who', 'who is in this room'],
    '/join': ['/join <room>', 'enter a room, or go back to it'],
    '/rooms': ['/rooms', 'the rooms there are'],
    '/nick': ['/nick <name>', 'take another name'],
    '/leave': ['/leave', 'leave this room'],
    '/help': ['/help', 'these lines'],
    '/quit': ['/quit', 'leave'],
    '//': ['//text', 'say a text that starts with a slash'],
  }),
  unknownCommand: (/** @type {string} */ name) => `Unknown command ${name}. /help lists the commands.`,
  /** @type {(room: string, count: number, names: string) => string} */
  who: (room, count, names) => (names ? `In ${room} (${count}): ${names}` : `In ${room}: ${counted(count, 'person', 'people')}`),
  roomsThere: (/** @type {number} */ n) => `Rooms: ${n}`,
  /** @type {(count: number, messages: number) => string} */
  inRoom: (count, messages) => `present: ${count}, messages: ${messages}`,
  andMore: '… and more',
  nowCalled: (/** @type {string} */ name) => `You are now called ${name}`,
  /** Our words for codes that a person may meet; other refusals are shown in the server's. */
  codes: /** @type {Record<string, string>} */ ({
    name_taken: 'This name is in use, or kept for somebody who left. Choose another.',
    too_large: 'This text is too long for this server.',
    too_many_rooms: 'You are in as many rooms as this server allows.',
  }),
};

/** @type {Words} */
const fr = {
  tagline: 'Une chatroom pour se parler, tout de suite.',
  name: 'Votre nom',
  namePlaceholder: 'ada',
  room: 'Chatroom',
  server: 'Adresse du serveur',
  badServer: 'Ce n’est pas une adresse : hôte:port, ws://… ou http://… en est une.',
  noName: 'Dites un nom.',
  badRoom: 'Lettres, chiffres, « - », « _ » et « . » seulement, 64 octets au plus.',
  enter: 'Entrer',
  entering: 'Entrée…',
  cancel: 'Annuler',
  language: 'Langue',
  rooms: 'Chatrooms',
  otherRooms: 'Autres chatrooms',
  joinRoom: 'Rejoindre ou ouvrir une chatroom',
  joinPlaceholder: 'une chatroom',
  join: 'Rejoindre',
  leave: 'Quitter cette chatroom',
  leaveUnsent: 'Ce que vous avez écrit ici n’est pas encore envoyé et serait perdu. Quitter quand même ?',
  noRoom: 'Vous n’êtes dans aucune chatroom. Rejoignez-en une, ou ouvrez la vôtre.',
  members: 'Membres',
  you: 'vous',
  crowd: 'Trop nombreux pour une liste.',
  here: (n) => compte(n, 'membre', 'membres'),
  unread: (n) => compte(n, 'message non lu', 'messages non lus'),
  log: (room) => `Messages de ${room}`,
  message: (room) => `Message à ${room}`,
  messageHint: 'Entrée envoie, Maj+Entrée va à la ligne',
  send: 'Envoyer',
  tooLong: (over) => `Trop long de ${compte(over, 'octet', 'octets')}.`,
  youSaid: 'Vous avez dit',
  said: ' a dit',
  today: 'Aujourd’hui',
  yesterday: 'Hier',
  joined: (n) => (n === 1 ? ' a rejoint la chatroom' : ' ont rejoint la chatroom'),
  left: (n) => (n === 1 ? ' a quitté la chatroom' : ' ont quitté la chatroom'),
  back: (n) => (n === 1 ? ' est de retour' : ' sont de retour'),
  others: (n) => compte(n, 'autre', 'autres'),
  renamed: ' s’appelle maintenant ',
  welcome: 'Bienvenue, ',
  welcomeBack: 'Bon retour, ',
  typing: (n) => (n === 1 ? ' écrit…' : ' écrivent…'),
  several: 'Plusieurs personnes écrivent…',
  and: ' et ',
  newMessages: 'Nouveau',
  beginning: 'C’est ici que commence la chatroom.',
  older: 'Messages plus anciens',
  loading: 'Chargement…',
  gap: (n) => `${compte(n, 'événement non affiché', 'événements non affichés')} — charger`,
  latest: 'Derniers messages',
  newCount: (n) => compte(n, 'nouveau message', 'nouveaux messages'),
  connecting: 'Connexion…',
  connected: 'Connecté',
  lost: 'Connexion perdue. Vos textes sont gardés.',
  slow: 'Les messages entre serveurs sont lents pour le moment.',
  unreachable: 'Le serveur ne répond pas.',
  retryIn: (s) => `Essai dans ${s} s.`,
  retryNow: 'Réessayer',
  stopped: 'Le serveur a mis fin à la connexion.',
  waiting: 'En attente d’envoi',
  sent: 'Envoyé',
  failed: 'Non envoyé',
  resend: 'Réessayer',
  edit: 'Modifier',
  discard: 'Supprimer',
  settings: 'Réglages',
  rename: 'Changer de nom',
  save: 'Enregistrer',
  close: 'Fermer',
  quit: 'Quitter le serveur',
  download: 'Garder cette page dans un fichier',
  openRooms: 'Montrer les chatrooms',
  openMembers: 'Montrer les membres',
  failedAbout: (about, why) => `Cela n’a pas marché (${about}) : ${why}`,
  commands: {
    '/who': ['/who', 'qui est dans cette chatroom'],
    '/join': ['/join <chatroom>', 'entrer dans une chatroom, ou y revenir'],
    '/rooms': ['/rooms', 'les chatrooms qui existent'],
    '/nick': ['/nick <nom>', 'changer de nom'],
    '/leave': ['/leave', 'quitter cette chatroom'],
    '/help': ['/help', 'ces lignes'],
    '/quit': ['/quit', 'quitter'],
    '//': ['//texte', 'dire un texte qui commence par un slash'],
  },
  unknownCommand: (name) => `Commande inconnue : ${name}. /help donne les commandes.`,
  who: (room, count, names) => (names ? `Dans ${room} (${count}) : ${names}` : `Dans ${room} : ${compte(count, 'personne', 'personnes')}`),
  roomsThere: (n) => `Chatrooms : ${n}`,
  inRoom: (count, messages) => `présents : ${count}, messages : ${messages}`,
  andMore: '… et d’autres',
  nowCalled: (name) => `Vous vous appelez désormais ${name}`,
  codes: {
    name_taken: 'Ce nom est pris, ou gardé pour quelqu’un qui est parti. Choisissez-en un autre.',
    too_large: 'Ce texte est trop long pour ce serveur.',
    too_many_rooms: 'Vous êtes dans autant de chatrooms que ce serveur le permet.',
  },
};

/** @type {Record<Language, Words>} */
export const catalog = { fr, en };

/** @param {readonly string[]} wanted  as browsers give them, best first @returns {Language} */
export function chooseLanguage(wanted) {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    if (base === 'fr' || base === 'en') return base;
  }
  return 'en';
}

/**
 * Writes the times of one language, in the time zone of this device as it was when last asked for: see `renew`.
 * @param {Language} language
 * @param {string} [timeZone]  a fixed one instead
 */
export function clock(language, timeZone) {
  const words = catalog[language];
  let formats = formatsOf(language, timeZone ?? hereZone());
  /** The number of the calendar day. Days of the calendar, not of 24 hours: twice a year one has 23 or 25. @param {Date} at */
  const dayNumber = (at) => {
    const { year, month, day } = Object.fromEntries(formats.date.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(year, month - 1, day) / 86_400_000;
  };
  return {
    /** The time zone that the times are written in. */
    get zone() {
      return formats.timeZone;
    },
    /** Asks anew for the device's time zone: somebody may travel, or set it right, with the page open. */
    renew() {
      const now = timeZone ?? hereZone();
      if (now !== formats.timeZone) formats = formatsOf(language, now);
    },
    /** @param {Date} at @returns {string} `[hh:mm]` */
    time: (at) => `[${formats.time.format(at)}]`,
    /** @param {Date} at */
    full: (at) => formats.full.format(at),
    /** @param {Date} at @param {Date} now */
    day(at, now) {
      const ago = dayNumber(now) - dayNumber(at);
      return ago === 0 ? words.today : ago === 1 ? words.yesterday : formats.day.format(at);
    },
    /** A value that two moments share when they are of one day. @param {Date} at */
    dayKey: (at) => formats.date.format(at),
  };
}

const hereZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {Language} language @param {string} timeZone */
function formatsOf(language, timeZone) {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB';
  return {
    timeZone,
    time: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }),
    day: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone }),
    full: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium', timeZone }),
    date: new Intl.DateTimeFormat('en', { calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: 'numeric', day: 'numeric', timeZone }),
  };
}
