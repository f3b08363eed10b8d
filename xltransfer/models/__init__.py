"""The models: their sizes and layers. They know logical axes, no devices."""
