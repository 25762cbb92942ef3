import type {Protocol} from './protocol.js';

/** Sends text to the terminal and collects its answers until one matches or the time is over. */
export type Ask = (question: string, enough: RegExp) => Promise<string>;

const escape = '\u001B';
/** "Primary device attributes": every terminal of the last decades answers, those with sixel name attribute 4. */
const deviceAttributes = `${escape}[c`;
const deviceAttributesAnswer = new RegExp(`${escape}\\[\\?([\\d;]*)c`);
/** A picture of one pixel that is only looked at. */
const kittyQuery = `${escape}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA${escape}\\`;
const kittyAnswer = `${escape}_Gi=31;OK${escape}\\`;
/** XTVERSION: the name and version of the terminal. */
const versionQuery = `${escape}[>0q`;

/**
 * How the terminal shows pictures; undefined for one that does not, or does not say so. The environment tells only what
 * may be asked, since variables outlive the terminal that set them (a multiplexer, another terminal started from it,
 * ssh): what counts is the terminal's own answer.
 */
export async function detectProtocol(env: NodeJS.ProcessEnv, ask: Ask): Promise<Protocol | undefined> {
  const {TERM: term = '', TERM_PROGRAM: program = ''} = env;
  if (term === '' || ['dumb', 'linux', 'cons25', 'emacs'].includes(term) || program === 'Apple_Terminal')
    return undefined; // show questions as text, or answer none
  const mayBeKitty =
    /kitty|ghostty/.test(term) ||
    ['KITTY_WINDOW_ID', 'KONSOLE_VERSION', 'GHOSTTY_RESOURCES_DIR'].some((name) => name in env) ||
    ['ghostty', 'WezTerm'].includes(program);
  const mayBeIterm =
    program === 'iTerm.app' || env['LC_TERMINAL'] === 'iTerm2' || program === 'WezTerm' || program === 'mintty';
  const answer = await ask(
    `${mayBeKitty ? kittyQuery : ''}${mayBeIterm ? versionQuery : ''}${deviceAttributes}`,
    deviceAttributesAnswer,
  );
  const attributes = deviceAttributesAnswer.exec(answer)?.[1];
  if (attributes === undefined) return undefined;
  if (mayBeKitty && answer.includes(kittyAnswer)) return 'kitty';
  if (mayBeIterm && new RegExp(`${escape}P>\\|(iTerm2|WezTerm|mintty) `).test(answer)) return 'iterm2';
  return attributes.split(';').slice(1).includes('4') ? 'sixel' : undefined; // the first number is the terminal's class
}
