import {readFileSync, writeSync} from 'node:fs';
import {deserialize, serialize} from 'node:v8';
import {messageOf} from '../../errors.js';

/**
 * The other side of `runApart`: answers the orders of standard input, each as soon as it is done, and ends the process
 * whatever a plug-in has left running.
 */
export async function answerOrders<Context, Order>(
  answer: (context: Context) => (order: Order) => Promise<unknown>,
): Promise<never> {
  const [context, orders] = deserialize(readFileSync(0)) as [Context, Order[]];
  const say = (value: unknown): void => void writeSync(3, `${serialize(value).toString('base64')}\n`); // at once, before anybody ends the process
  const end = process.exit.bind(process);
  process.on('unhandledRejection', () => {}); // of what is not waited for here; a training will tell of it
  const one = answer(context);
  for (const order of orders) {
    const said = await one(order).then(
      (result) => ({result}),
      (error: unknown) => ({fault: messageOf(error)}),
    );
    try {
      say(said);
    } catch (error) {
      say({fault: `it gives what is no data: ${messageOf(error)}`});
    }
  }
  return end(0);
}
