export * from './breaker.ts';
export * from './deriver.ts';
export * from './fold.ts';
export * from './land.ts';
export { logFault } from './log-fault.ts';
export * from './ports.ts';
export * from './subscriptions.ts';
export * from './sweep.ts';
export * from './worker.ts';
