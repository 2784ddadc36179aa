/** An AuthorizationPolicy as data. Everything in it was checked: a value that is no address or no port does not get here. */
export interface PolicySpec {
  /** `namespace/name`. */
  readonly name: string
  readonly origin: Place
  readonly action: 'custom' | 'deny' | 'allow' | 'audit'
  /** Evaluated and told of, and without effect. */
  readonly dryRun: boolean
  /** Who decides in place of the policy; of the action `custom` alone. */
  readonly provider: string | undefined
  /** Joined by OR; without any, the policy matches nothing. */
  readonly rules: readonly PolicyRuleSpec[]
}

/** Where something stands in the configuration. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** Joined by AND; a rule without groups matches everything. */
export interface PolicyRuleSpec {
  readonly origin: Place
  readonly groups: readonly GroupSpec[]
}

/** `from`, `to`, or one condition of `when`: its alternatives are joined by OR, the tests of each by AND. */
export interface GroupSpec {
  readonly part: 'from' | 'to' | 'when'
  readonly alternatives: readonly (readonly TestSpec[])[]
}

/** One field such as `notPaths`, or one side of a condition. */
export interface TestSpec {
  readonly origin: Place
  /** As people write it: `notPaths`, `request.auth.claims[groups]`. */
  readonly field: string
  readonly attribute: AttributeSpec
  /** Joined by OR. */
  readonly values: readonly string[]
  /** Holds where no value matches: where there is nothing to match, too. */
  readonly negated: boolean
}

/** What a test looks at. */
export type AttributeSpec =
  | { readonly of: Exclude<Attribute, 'header' | 'claim'> }
  /** Lower-case name of a field. */
  | { readonly of: 'header'; readonly name: string }
  /** Member names from the top of the claims down. */
  | { readonly of: 'claim'; readonly path: readonly string[] }

export type Attribute =
  | 'host'
  | 'method'
  | 'path'
  | 'port'
  | 'header'
  | 'claim'
  | 'audience'
  | 'presenter'
  | 'request-principal'
  | 'principal'
  | 'namespace'
  | 'service-account'
  | 'trust-domain'
  | 'source-ip'
  | 'remote-ip'
  | 'destination-ip'
  | 'sni'
