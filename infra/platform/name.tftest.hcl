variables {
  limit = 32
}

run "fits" {
  module {
    source = "../modules/name"
  }

  variables {
    full = "abcdefghijklmnopqrstuvwxyz-12345"
  }

  assert {
    condition     = output.value == "abcdefghijklmnopqrstuvwxyz-12345"
    error_message = "a name of exactly the limit is kept"
  }
}

run "too_long" {
  module {
    source = "../modules/name"
  }

  variables {
    full = "abcdefghijklmnopqrstuvwxyz-123456"
  }

  assert {
    condition     = output.value == "abcdefghijklmnopqrstuvwx-${substr(sha1("abcdefghijklmnopqrstuvwxyz-123456"), 0, 7)}"
    error_message = "the head, a hyphen, and the start of the SHA-1 of the whole name"
  }

  assert {
    condition     = length(output.value) == 32
    error_message = "cut to the limit"
  }
}

run "another_tail" {
  module {
    source = "../modules/name"
  }

  variables {
    full = "abcdefghijklmnopqrstuvwxyz-123457"
  }

  assert {
    condition     = output.value != run.too_long.value
    error_message = "names that differ only in their tails stay apart"
  }
}

run "cut_at_a_hyphen" {
  module {
    source = "../modules/name"
  }

  variables {
    full = "abcdefghijklmnopqrstuvw-xyz-1234567"
  }

  assert {
    condition     = !strcontains(output.value, "--")
    error_message = "no double hyphen where the cut meets one"
  }
}

run "refuses_a_name_that_aws_would" {
  module {
    source = "../modules/name"
  }

  command = plan

  variables {
    full = "Not_a_name"
  }

  expect_failures = [var.full]
}
