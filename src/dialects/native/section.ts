import { z } from 'zod'

/**
 * An object with these settings and no others. The message about an unknown setting is the list of the known ones,
 * from which `reportIssues` makes a sentence.
 */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  })
}

/** One value, or a list of at least one: read into a list. */
export function oneOrMore<T extends z.ZodType>(
  item: T,
): z.ZodType<readonly z.output<T>[], z.input<T> | z.input<T>[]> {
  return z
    .union([item, z.array(item).min(1)])
    .transform((value): readonly z.output<T>[] => (isList(value) ? value : [value]))
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

/** Refuses an object in which not exactly one of `names` is set. */
export function exactlyOne<T extends object>(
  names: readonly (keyof T & string)[],
): (context: z.core.ParsePayload<T>) => void {
  return (context) => {
    const found = names.filter((name) => context.value[name] !== undefined)
    if (found.length === 1) return
    const list = names.map((name) => `\`${name}\``).join(', ')
    const message =
      found.length === 0
        ? `one of ${list} is missing`
        : `${found.map((name) => `\`${name}\``).join(' and ')} exclude each other; keep one`
    context.issues.push({ code: 'custom', message, input: context.value })
  }
}
