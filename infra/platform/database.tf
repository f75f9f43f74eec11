# What other parts need to know of the database: null where the environment has none.
locals {
  database = null
}
