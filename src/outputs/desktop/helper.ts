import { refuseInspector } from '../../lib/process/no-inspector.js';

/** Where a user's helper begins: before anything else is loaded it is made sure that nobody can drive it. */
refuseInspector();
await import('./helper-process.js');
