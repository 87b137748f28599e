// What the clients' scripts share: where the exchange is, how a call is tried, and what is asserted of its answer.
import assert from 'node:assert/strict';
import dns from 'node:dns';

/** Where the exchange is and who we are: {url, hmac: {key, secret}, ed25519: {key, pem}, rsa: {key, pem}, tls: {cert, key}}, one JSON argument. */
export const setup = JSON.parse(process.argv[2] ?? '{}');
export const symbol = 'BTCUSDT';

// Nothing leaves this machine, whatever address a client has built in.
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => host === 'localhost' || /^127\./.test(host) ? lookup(host, ...rest) : rest.at(-1)(new Error(`the client wanted to reach ${host}`));
const patience = 12_000;

/** Fails unless it is a positive number, or the text of one. */
export function positive(value, what) {
  const number = Number(value);
  assert.ok(Number.isFinite(number) && number > 0, `${what} is ${JSON.stringify(value)}, not a positive number`);
  return number;
}

/** Fails unless two numbers differ by less than a billionth of the larger. */
export function same(actual, expected, what) {
  const [a, b] = [Number(actual), Number(expected)];
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)), `${what}: ${actual} is not ${expected}`);
}

/** Best first on both sides, and not crossed. */
export function soundBook(bids, asks) {
  assert.ok(bids.length > 0 && asks.length > 0, `${bids.length} bids, ${asks.length} asks`);
  for (let i = 1; i < bids.length; i++) assert.ok(Number(bids[i][0]) < Number(bids[i - 1][0]), 'bids do not fall');
  for (let i = 1; i < asks.length; i++) assert.ok(Number(asks[i][0]) > Number(asks[i - 1][0]), 'asks do not rise');
  assert.ok(Number(bids[0][0]) < Number(asks[0][0]), `crossed: ${bids[0][0]} >= ${asks[0][0]}`);
  for (const [price, quantity] of [...bids, ...asks]) positive(price, 'price') && positive(quantity, 'quantity');
}

/** Open, high, low and close agree with each other. */
export function soundCandle(open, high, low, close) {
  const [o, h, l, c] = [open, high, low, close].map(v => positive(v, 'a price of the candle'));
  assert.ok(l <= Math.min(o, c) && h >= Math.max(o, c), `low ${l}, open ${o}, close ${c}, high ${h}`);
}

/** A price below or above the given one, on a grid of 0.01. */
export const cents = price => (Math.round(price * 100) / 100).toFixed(2);

/** Fails unless the call throws an error that the test accepts. */
export async function refused(call, accepts) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    const said = accepts(error);
    assert.ok(said, `threw ${error?.constructor?.name}: ${error?.message ?? JSON.stringify(error)} (code ${error?.code})`);
    return said;
  }
  assert.fail(`answered ${JSON.stringify(answer).slice(0, 200)} instead of an error`);
}

/** Waits for what comes of its own accord: `offer` tells of it, `wait` takes the first that fits. */
export class Inbox {
  #items = [];
  #waiting = [];

  offer(item) {
    this.#items.push(item);
    if (this.#items.length > 5_000) this.#items.shift();
    this.#waiting = this.#waiting.filter(({ fits, resolve }) => {
      if (!fits(item)) return true;
      resolve(item);
      return false;
    });
  }

  wait(fits, what) {
    const found = this.#items.find(fits);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fits, resolve });
      setTimeout(() => reject(new Error(`${what} did not come; ${this.#items.length} others did: ${JSON.stringify(this.#items.at(-1) ?? null).slice(0, 200)}`)), patience - 1_000).unref();
    });
  }
}

// What a client drops on the floor belongs to a call that has failed already, and must not end the run.
process.on('unhandledRejection', error => process.stderr.write(`dropped by the client: ${error?.message ?? error}\n`));

/** Tries one call after the other and prints a line of JSON for each: {client, call, via, ok, detail}. */
export async function run(client, calls) {
  for (const [call, via, attempt] of calls) {
    let ok = true;
    let detail;
    try {
      detail = await Promise.race([
        attempt(),
        new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience).unref()),
      ]);
    } catch (error) {
      ok = false;
      detail = `${error?.constructor?.name ?? 'Error'}: ${error?.message ?? JSON.stringify(error)}${error?.code === undefined ? '' : ` (code ${error.code})`}`.slice(0, 400);
    }
    process.stdout.write(`${JSON.stringify({ client, call, via, ok, detail: String(detail ?? '') })}\n`);
  }
}
