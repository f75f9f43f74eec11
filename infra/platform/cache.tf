# What other parts need to know of the cache: null where the environment has none.
locals {
  cache = null
}
