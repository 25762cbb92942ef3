/** A process that loads the commands of a plug-in and says what they are (`listCommands`). */
import {Plugin} from '@oclif/core';
import {answerOrders} from '../../plugin/apart/answer-orders.js';

void answerOrders(() => async (root: string) => {
  const plugin = new Plugin({root, type: 'link', name: root, errorOnManifestCreate: true, ignoreManifest: true});
  await plugin.load();
  return plugin.manifest;
});
