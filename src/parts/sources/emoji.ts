import type {Gan} from '../../plugin/index.js';

export default ({source, data, opt}: Gan) =>
  source({
    name: 'emoji',
    summary: "Emoji in colour: 1,407 pictures of 64x64 from Microsoft's Fluent Emoji.",
    options: {count: opt.int(undefined, {min: 1, help: 'use only so many images, the first ones; none: all'})},
    create:
      ({count}) =>
      ({height, width, channels, resize, decoding}) =>
        data.sheetSource(data.emoji, {
          size: [height, width],
          channels: channels as 1 | 2 | 3 | 4,
          resize,
          ...(decoding !== undefined && {decoding}),
          ...(count !== undefined && {items: count}),
        }),
  });
