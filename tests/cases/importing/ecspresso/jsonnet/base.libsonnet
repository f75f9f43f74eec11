{
  env(vars): [{ name: name, value: vars[name] } for name in std.objectFields(vars)],
}
