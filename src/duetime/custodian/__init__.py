"""Cloud Custodian's filters and actions, asked and done by duetime. Needs `pip install 'duetime[custodian]'`."""
