import type { Definitions, ElementRule } from './definitions.ts';
import type { createValueSets } from './value-sets.ts';
import { isLegal, isResourceId } from './values.ts';

/** A rule broken at a place. The place is a path of element names: never a value. */
export interface Fault {
  readonly path: string;
  readonly rule: string;
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * What the structure check leaves out: required bindings, reference targets, dates that do not exist, empty values,
 * relative systems of identifiers, narrative that is no <div>,
 * two forms of one choice, ids, periods that end before they start, contained resources nobody refers to.
 */
export function createSupplement(
  definitions: Definitions,
  codesOf: ReturnType<typeof createValueSets>,
): (resource: Node) => readonly Fault[] {
  return (resource) => {
    const faults: Fault[] = [];
    const note = (path: string, rule: string): void => {
      faults.push({ path, rule });
    };

    const visit = (node: Node, type: string, path: string, place: string): void => {
      const rules = definitions.types.get(type) ?? new Map<string, ElementRule>();
      const choices = new Set<string>();
      for (const [name, value] of Object.entries(node)) {
        if (name === 'resourceType' || name.startsWith('_')) continue;
        const found = findRule(rules, path, name);
        if (!found) continue;
        const at = `${place}.${name}`;
        if (found.rule.path.endsWith('[x]')) {
          if (choices.has(found.rule.path)) note(at, 'one-choice');
          choices.add(found.rule.path);
        }
        if (Array.isArray(value) && value.length === 0) note(at, 'not-empty');
        for (const one of Array.isArray(value) ? value : [value]) checkValue(one, found, at);
      }
    };

    const checkValue = (value: unknown, { rule, type }: FoundRule, at: string): void => {
      if (isNode(value) && Object.keys(value).length === 0) {
        note(at, 'ele-1');
        return;
      }
      const complex = rule.sameAs !== null || /^[A-Z]/.test(type);
      if (complex && !isNode(value)) note(at, 'is-object');
      else if (typeof value === 'string') checkText(value, rule, type, at);
      else if (isNode(value)) checkObject(value, rule, type, at);
    };

    const checkText = (text: string, { binding }: ElementRule, type: string, at: string): void => {
      if (!isLegal(type, text)) note(at, text === '' ? 'not-empty' : type);
      if (type === 'xhtml' && !/^\s*<div[\s>]/.test(text)) note(at, 'txt-1');
      if (type === 'code' && binding && codesOf(binding)?.has(text) === false) note(at, 'required-binding');
    };

    const checkObject = (node: Node, rule: ElementRule, type: string, at: string): void => {
      if (rule.binding && (type === 'CodeableConcept' || type === 'Coding'))
        if (!isBound(node, type, codesOf(rule.binding))) note(at, 'required-binding');
      if (type === 'Reference' && !mayRefer(node, rule.targets)) note(at, 'reference-target');
      if (type === 'Identifier' && typeof node.system === 'string' && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(node.system))
        note(`${at}.system`, 'absolute');
      if (type === 'Period' && endsBeforeStart(node)) note(at, 'per-1');
      if (type === 'ContactPoint' && node.value !== undefined && node.system === undefined) note(at, 'cpt-2');
      if (rule.sameAs !== null) visit(node, rule.sameAs.split('.')[0] ?? '', rule.sameAs, at);
      else if (type === 'BackboneElement' || type === 'Element')
        visit(node, rule.path.split('.')[0] ?? '', rule.path, at);
      else if (type === 'Resource' && typeof node.resourceType === 'string') visitResource(node, node.resourceType, at);
      else visit(node, type, type, at);
    };

    const visitResource = (node: Node, type: string, at: string): void => {
      if (!definitions.types.has(type)) {
        note(at, 'known-type');
        return;
      }
      if (typeof node.id === 'string' && !isResourceId(node.id)) note(`${at}.id`, 'id');
      visit(node, type, type, at);
    };

    const type = typeof resource.resourceType === 'string' ? resource.resourceType : '';
    visitResource(resource, type, type || 'resource');
    if (hasStrayContained(resource)) note(`${type}.contained`, 'dom-3');
    return faults;
  };
}

interface FoundRule {
  readonly rule: ElementRule;
  readonly type: string;
}

function findRule(rules: ReadonlyMap<string, ElementRule>, path: string, name: string): FoundRule | null {
  const rule = rules.get(`${path}.${name}`);
  if (rule) return { rule, type: rule.types[0] ?? '' };
  // valueQuantity is value[x]: try each shorter name
  for (let end = name.length - 1; end > 0; end -= 1) {
    const choice = rules.get(`${path}.${name.slice(0, end)}[x]`);
    const type = choice?.types.find((candidate) => upperFirst(candidate) === name.slice(end));
    if (choice && type) return { rule: choice, type };
  }
  return null;
}

function isBound(node: Node, type: string, codes: ReadonlySet<string> | null): boolean {
  const codings = type === 'Coding' ? [node] : Array.isArray(node.coding) ? (node.coding as readonly Node[]) : [];
  return codes === null || codings.length === 0 || codings.some(({ system, code }) => codes.has(`${system}|${code}`));
}

function mayRefer({ reference }: Node, targets: readonly string[]): boolean {
  if (typeof reference !== 'string' || targets.length === 0) return true;
  const type = /^([A-Z][A-Za-z]+)[/?]/.exec(reference)?.[1];
  return type === undefined || targets.includes(type);
}

function endsBeforeStart({ start, end }: Node): boolean {
  // of unequal precision they cannot be compared
  if (typeof start !== 'string' || typeof end !== 'string' || start.length !== end.length) return false;
  return Date.parse(start) > Date.parse(end);
}

function hasStrayContained(resource: Node): boolean {
  if (!Array.isArray(resource.contained) || resource.contained.length === 0) return false;
  const rest = JSON.stringify({ ...resource, contained: undefined });
  return (resource.contained as readonly Node[]).some(({ id }) => !rest.includes(`"#${String(id)}"`));
}
