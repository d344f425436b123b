"""AutoML for recurrent networks."""
