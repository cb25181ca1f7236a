"""OpenVINO's engine behind the OpenAI protocol: sooner through a prompt where the processor has VNNI."""
