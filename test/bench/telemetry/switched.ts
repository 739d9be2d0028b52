import type { Telemetry } from '../../../src/telemetry/telemetry.js';

/** Decorators that can be taken off and put on again while the program runs. */
export const switched = (
  measured: Telemetry,
): Readonly<{ telemetry: Telemetry; measure(measures: boolean): void }> => {
  let isOn = true;
  /** Each function of a part, as it is or as it is measured. */
  const either = <Part extends object>(plain: Part, decorated: Part): Part => {
    const names = Object.keys(plain) as (keyof Part & string)[];
    const choosing = names.flatMap((name) => {
      const [one, other] = [decorated[name], plain[name]];
      if (typeof one !== 'function' || typeof other !== 'function') return [];
      const choose = (...given: readonly unknown[]) =>
        (isOn ? one : other).apply(undefined, given) as unknown;
      return [[name, choose] as const];
    });
    return { ...decorated, ...Object.fromEntries(choosing) } as Part;
  };

  const telemetry: Telemetry = {
    ...measured,
    store: (part) => either(part, measured.store(part)),
    claims: (part) => either(part, measured.claims(part)),
    feed: (part) => either(part, measured.feed(part)),
    reaction: (part) => either(part, measured.reaction(part)),
    routes: (table) => {
      const decorated = measured.routes(table);
      return table.map((route, index) => either(route, decorated[index] ?? route));
    },
    handler: (category, handler) => {
      const decorated = measured.handler(category, handler);
      return (...given) => (isOn ? decorated : handler)(...given);
    },
    limits: (part) => either(part, measured.limits(part)),
    identify: (identify) => {
      const decorated = measured.identify(identify);
      return (request) => (isOn ? decorated : identify)(request);
    },
    requests: (listener) => {
      const decorated = measured.requests(listener);
      return (request, response) => (isOn ? decorated : listener)(request, response);
    },
    sending: (send) => {
      const decorated = measured.sending(send);
      return (...given) => (isOn ? decorated : send)(...given);
    },
    folding: (events, fold) => (isOn ? measured.folding(events, fold) : fold()),
  };
  return {
    telemetry,
    measure: (measures) => {
      isOn = measures;
    },
  };
};
