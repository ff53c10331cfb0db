"""What `workbench connect` finds out about somebody's TWS: places no order, changes nothing, leaves as it came."""
