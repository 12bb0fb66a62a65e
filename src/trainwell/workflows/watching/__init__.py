"""What `trainwell watch` is made of: TensorFlow's names, the script as `__main__`, Keras's fit, recorded trainings."""
