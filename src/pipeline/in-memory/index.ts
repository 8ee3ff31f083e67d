export { createModel, type Derived, type Model, type RootIssue, type RootTrouble } from './model.ts';
