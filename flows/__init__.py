"""Order, fan-out and reporting of a migration, as Prefect flows; and the command line that runs them."""

from flows.logs import leave_out_tracebacks

leave_out_tracebacks()
