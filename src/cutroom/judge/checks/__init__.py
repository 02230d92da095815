"""What the house judge measures, by what is judged. Every check says its bound and where the bound comes from."""
