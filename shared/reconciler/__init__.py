"""Makes the cluster look as the records say, and the records say what the cluster shows.

    gather (read) → plan (pure) → apply (write), again until the plan is empty.

`tenancy`, `manifests`    what we want on the cluster, as data
`observe`                 what the cluster's objects mean for a function or a run
`plan`                    the difference, as actions
`gather`, `apply`, `settle`   the reading and writing around it, for one key
`lease`, `keys`, `watching`, `run`   which process does it when
"""
