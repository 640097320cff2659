import type { Step } from '../api/script.js';
import { sleep } from '../clock.js';
import { BOTH, type Scenario } from '../scenario.js';

function refusing(
  name: string,
  why: 'limit' | 'auth' | 'error',
  status: number,
  type: string,
  message: string,
  screen: RegExp,
): Scenario {
  const error: Step = { do: 'error', status, type, message, delay_ms: 300 };
  return {
    name,
    agents: BOTH,
    async run(stage) {
      const session = await stage.session([error, error, error, error, error, error]);
      await session.prompt('hello');
      await session.untilFailed(screen, why);
      await sleep(5000);
    },
  };
}

/** The agent tries again some times, then gives up: until then it works. */
export const overloaded = refusing(
  'api-529',
  'error',
  529,
  'overloaded_error',
  'Overloaded',
  /^●? *(API Error|.*529.*Overloaded)|^■ .*(529|overloaded|high demand)/im,
);

export const unauthorized = refusing(
  'api-401',
  'auth',
  401,
  'authentication_error',
  'invalid key',
  /Please run \/login|API Error.*401|^■ .*401/im,
);

export const usedUp = refusing(
  'api-429',
  'limit',
  429,
  'rate_limit_error',
  'You have hit your usage limit',
  /^●? *(API Error|.*429)|limit/im,
);
