"""How deliveries prove where they come from: one module per scheme, `table` names them all."""
