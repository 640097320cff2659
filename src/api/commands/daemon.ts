import { command, mustSeeAll, none } from './definition.js';

/** About vigil itself. */
export const daemonCommands = {
  ping: command({ params: none, open: true, run: () => undefined }),
  health: command({
    params: none,
    open: true,
    run: (_, { view, sees, clients }) => ({ ...view.health(sees), clients }),
  }),
  pause_monitoring: command({
    params: none,
    open: false,
    run: (_, context) => {
      mustSeeAll(context, 'this pauses the watch over everybody’s processes');
      context.view.pause();
      return { paused: true };
    },
  }),
  resume_monitoring: command({
    params: none,
    open: false,
    run: (_, context) => {
      mustSeeAll(context, 'this concerns the watch over everybody’s processes');
      context.view.resume();
      return { paused: false };
    },
  }),
};
