"""ComfyUI: any workflow that a person saved in API format becomes a performer."""
