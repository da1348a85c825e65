/**
 * The script of the pages, as it is served. It changes nothing anywhere: it listens, fetches the page that is open once more, and
 * brings what is shown up to it, node by node, so that focus, scroll, selection and what is folded open stay where they are.
 */
export const script = `'use strict';
(() => {
  const at = document.documentElement;
  const link = document.getElementById('link');
  const news = document.getElementById('news');
  const here = location.origin + location.pathname + location.search;
  // Times are told by the server's clock: the reader's may be wrong.
  let offsetMs = Date.now() - Number(at.dataset.at);
  let revision = at.dataset.revision;
  let stream = null;
  let retry = 0;
  let busy = false;
  let wanted = false;

  const span = (ms) => {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const days = Math.floor(seconds / 86400);
    const hours = Math.floor(seconds / 3600) % 24;
    const minutes = Math.floor(seconds / 60) % 60;
    if (days > 0) return hours === 0 ? days + ' d' : days + ' d ' + hours + ' h';
    if (hours > 0) return minutes === 0 ? hours + ' h' : hours + ' h ' + minutes + ' min';
    return minutes > 0 ? minutes + ' min' : seconds + ' s';
  };

  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };

  const tick = () => {
    const nowMs = Date.now() - offsetMs;
    for (const node of document.querySelectorAll('[data-until]')) {
      const leftMs = Number(node.dataset.until) - nowMs;
      write(node, leftMs <= 0 ? 'now' : 'in ' + span(leftMs));
    }
    for (const node of document.querySelectorAll('[data-since]')) {
      write(node, span(nowMs - Number(node.dataset.since)) + ' ago');
    }
  };

  const clock = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const addLocal = () => {
    if (zone === undefined || zone === 'UTC') return;
    for (const node of document.querySelectorAll('[data-local]')) {
      const parent = node.parentElement;
      if (node.dataset.local === zone || parent.querySelector('.local') !== null) continue;
      const own = document.createElement('span');
      own.className = 'local';
      own.textContent = ' (' + clock.format(new Date(node.dateTime)).replace(',', '') + ' your time)';
      parent.append(own);
    }
  };

  const isSame = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || '') === (b.id || '');

  const patchAttributes = (from, to) => {
    for (const { name, value } of [...to.attributes]) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    for (const { name } of [...from.attributes]) {
      const isReaders = name === 'open' && from.nodeName === 'DETAILS';
      if (!to.hasAttribute(name) && !isReaders) from.removeAttribute(name);
    }
  };

  const patch = (from, to) => {
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    patchAttributes(from, to);
    const byId = new Map([...from.children].filter((node) => node.id !== '').map((node) => [node.id, node]));
    let place = from.firstChild;
    for (const next of [...to.childNodes]) {
      while (place !== null && place.nodeType === Node.ELEMENT_NODE && place.classList.contains('local')) place = drop(place);
      const known = next.id ? byId.get(next.id) : undefined;
      if (place !== null && isSame(place, next)) {
        patch(place, next);
        place = place.nextSibling;
      } else if (known !== undefined && known.parentNode === from && isSame(known, next)) {
        from.insertBefore(known, place);
        patch(known, next);
      } else from.insertBefore(document.importNode(next, true), place);
    }
    while (place !== null) place = drop(place);
  };

  const drop = (node) => {
    const next = node.nextSibling;
    node.remove();
    return next;
  };

  const bring = (fresh) => {
    const main = document.getElementById('main');
    const next = fresh.getElementById('main');
    if (next === null) return;
    const focused = document.activeElement;
    const before = main.dataset.summary;
    patch(main, next);
    patch(document.getElementById('read-at'), fresh.getElementById('read-at'));
    document.title = fresh.title;
    // What had to move has lost it.
    if (focused !== null && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    if (before !== main.dataset.summary) news.textContent = main.dataset.summary;
    offsetMs = Date.now() - Number(fresh.documentElement.dataset.at);
    revision = fresh.documentElement.dataset.revision;
    addLocal();
    tick();
  };

  const say = (state, text) => {
    link.className = 'link ' + state;
    write(link, text);
  };

  const refresh = async () => {
    wanted = true;
    if (busy) return;
    busy = true;
    try {
      while (wanted) {
        wanted = false;
        const answer = await fetch(here, { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(15000) });
        const type = answer.headers.get('content-type') || '';
        if (!type.startsWith('text/html')) throw new Error('no page');
        bring(new DOMParser().parseFromString(await answer.text(), 'text/html'));
        if (stream === null) say('slow', 'Refreshed now and then');
      }
    } catch {
      lose();
    } finally {
      busy = false;
    }
  };

  const lose = () => say('lost', 'Connection lost: this is how it stood');

  const close = () => {
    clearTimeout(retry);
    if (stream !== null) stream.close();
    stream = null;
  };

  const open = () => {
    close();
    const own = new EventSource(location.origin + '/events');
    stream = own;
    own.addEventListener('pass', ({ data }) => {
      say('live', 'Live');
      if (data !== revision) void refresh();
    });
    own.addEventListener('error', () => {
      if (stream !== own) return;
      lose();
      if (own.readyState !== EventSource.CLOSED) return;
      // Refused, or one too many: the page is fetched now and then instead.
      close();
      retry = setTimeout(() => {
        void refresh();
        open();
      }, 15000);
    });
  };

  // A browser has few connections to one server: a page that nobody looks at holds none.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') close();
    else open();
  });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) open();
  });

  addLocal();
  tick();
  setInterval(tick, 1000);
  if (document.visibilityState !== 'hidden') open();
})();
`;
