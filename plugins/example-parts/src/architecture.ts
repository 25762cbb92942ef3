import type {Gan, Tensor} from 'gankit/plugin';

/** The smallest networks that learn something, and a layer of one's own. */
export default ({architecture, nn, opt, tf}: Gan) =>
  architecture({
    name: 'mlp',
    summary: 'Two dense layers in each network.',
    options: {width: opt.int(128, {min: 1, help: 'hidden units'})},
    create: ({width}) => {
      /** [n, size * size * channels] -> [n, size, size, channels]. */
      class ToImages extends nn.Module {
        constructor(private readonly shape: number[]) {
          super();
        }

        override forward(x: Tensor): Tensor {
          return tf.reshape(x, [x.shape[0], ...this.shape]);
        }
      }
      return {
        generator: ({size, channels, latentSize}) =>
          nn.sequential([
            nn.dense(latentSize, width),
            nn.relu(),
            nn.dense(width, size * size * channels),
            nn.tanh(),
            new ToImages([size, size, channels]),
          ]),
        critic: ({size, channels}) =>
          nn.sequential([nn.flatten(), nn.dense(size * size * channels, width), nn.leakyRelu(0.2), nn.dense(width, 1)]),
      };
    },
  });
