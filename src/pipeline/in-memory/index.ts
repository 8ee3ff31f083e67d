export { createModel, type Derived, type Model, type RootTrouble } from './model.ts';
