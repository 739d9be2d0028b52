import type { StoreClients } from '../projecting/support/stores.js';
import { checkAnswers } from './checks/answers.js';
import { checkCommands } from './checks/commands.js';
import { checkFeeds } from './checks/feeds.js';
import type { Finding } from './checks/finding.js';
import { checkForks } from './checks/forks.js';
import { checkInterrupts } from './checks/interrupts.js';
import { checkPipelines } from './checks/pipelines.js';
import { checkReadModels } from './checks/read-models.js';
import { checkStreams } from './checks/streams.js';
import { checkTasks } from './checks/tasks.js';
import { checkWebhooks, type KeptDelivery } from './checks/webhooks.js';
import type { History } from './history.js';
import type { LogLine } from './log-lines.js';

/** What there is to check a run by: what is stored, and what clients noted. Nothing is asked of a node. */
export type Recorded = Readonly<{
  history: History;
  log: readonly LogLine[];
  deliveries: readonly KeptDelivery[];
}>;

/** Every check that needs no database. */
export const checkRecorded = ({ history, log, deliveries }: Recorded): readonly Finding[] => [
  ...checkCommands(history, log),
  ...checkAnswers(log),
  ...checkStreams(history),
  ...checkForks(history, log),
  ...checkFeeds(history, log),
  ...checkTasks(history, log),
  ...checkInterrupts(history),
  ...checkPipelines(history),
  ...checkWebhooks(history, log, deliveries),
];

/** Every check. */
export const checkAll = async (
  recorded: Recorded,
  stores: StoreClients,
): Promise<readonly Finding[]> => [...checkRecorded(recorded), ...(await checkReadModels(stores))];

export const deliveriesIn = async ({ db }: StoreClients): Promise<readonly KeptDelivery[]> =>
  (await db.collection('webhook_deliveries').find().toArray()) as unknown as KeptDelivery[];
