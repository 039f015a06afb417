"""Devices over MQTT: brokers started and configured, and the consumer that loses nothing."""
